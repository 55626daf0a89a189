"""Debian's Prometheus and VictoriaMetrics scrape what was joined from parts, each in the format it asks for."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from checks.kit.model import Outcome
from collector.textformat import line
from dashboards.rules.prometheus import Servers, config
from tests.collector.scrape.serving import SENT, Served, said, serving
from tests.ports import free_port

MISSING = "{} is not installed: `apt-get install {}` (make test does it when it runs as root)"
SCRAPES = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - {{job_name: sansang, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
  - job_name: sansang-devices
    http_sd_configs: [{{url: "http://127.0.0.1:{port}/sd/devices?shards=3", refresh_interval: 1s}}]
    metric_relabel_configs: [{{action: labeldrop, regex: shard}}]
"""
UNITS, DEVICES = 40, 30
OUTCOME = "sansang_check_outcome"


@contextlib.asynccontextmanager
async def scraper(folder: Path, program: str, *arguments: str) -> AsyncIterator[str]:
    """Address of a running `program`."""
    found = shutil.which(program)
    if found is None:
        raise RuntimeError(MISSING.format(program, program))
    port = free_port()
    command = [found, *(text.format(folder=folder, port=port) for text in arguments)]
    with (folder / "scraper.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(20)


async def query(here: Served, address: str, expression: str, path: str = "/api/v1/query") -> Any:
    """What an instant query finds; nothing while there is nobody who answers."""
    headers = {"Accept-Encoding": "identity"}
    with contextlib.suppress(aiohttp.ClientError):
        async with here.session.get(address + path, params={"query": expression}, headers=headers) as reply:
            if reply.status == 200:
                answer = (await reply.json())["data"]
                return answer["result"] if path == "/api/v1/query" else answer
    return []


async def until(here: Served, address: str, expression: str, value: float) -> None:
    """Waits until `expression` is one number, `value`."""
    found: Any = []
    for _ in range(300):
        found = await query(here, address, expression)
        if found and float(found[0]["value"][1]) == value:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{expression} is not {value}: {found}")


async def check_everything_arrives(here: Served, address: str) -> None:
    """All series with their values, once, after a change too; and every shard is up."""
    count = UNITS * DEVICES
    await until(here, address, "count(sansang_uplink_sent_bytes_total)", count)
    await until(here, address, "sum(sansang_connectivity_up)", count * 7)
    await until(here, address, 'count(up{job="sansang-devices"} == 1)', 3)
    assert len(await query(here, address, "count by (unit, device) (sansang_connectivity_up) > 1")) == 0
    assert await query(here, address, 'sansang_connectivity_up{shard!=""}') == []
    here.fill(8.0, units=UNITS // 2, devices=DEVICES)
    await until(here, address, "sum(sansang_connectivity_up)", count / 2 * 7 + count / 2 * 8)
    await until(here, address, "sansang_collector_pushes_total", 3)


async def test_prometheus_scrapes_openmetrics_of_every_shard(tmp_path: Path) -> None:
    """Found by service discovery; the unit in the metadata comes with OpenMetrics only."""
    async with serving() as here:
        here.fill(7.0, units=UNITS, devices=DEVICES)
        (tmp_path / "prometheus.yml").write_text(SCRAPES.format(port=here.port), "utf-8")
        async with scraper(
            tmp_path, "prometheus", "--config.file={folder}/prometheus.yml", "--storage.tsdb.path={folder}/tsdb",
            "--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
        ) as address:  # fmt: skip
            await check_everything_arrives(here, address)
            told = await query(here, address, "", "/api/v1/metadata")
        assert told["sansang_uplink_sent_bytes"] == [{"type": "counter", "help": "Octets.", "unit": "bytes"}]


async def test_victoria_metrics_scrapes_the_classic_format_of_every_shard(tmp_path: Path) -> None:
    """It asks for nothing else."""
    async with serving() as here:
        here.fill(7.0, units=UNITS, devices=DEVICES)
        (tmp_path / "scrape.yml").write_text(
            SCRAPES.format(port=here.port).replace(", refresh_interval: 1s", ""), "utf-8"
        )
        async with scraper(
            tmp_path, "victoria-metrics", "-promscrape.config={folder}/scrape.yml", "-storageDataPath={folder}/vm",
            "-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s", "-search.disableCache",
            "-retentionPeriod=1",
        ) as address:  # fmt: skip
            await check_everything_arrives(here, address)


async def test_prometheus_takes_of_every_shard_the_groups_that_its_job_names(tmp_path: Path) -> None:
    """``params`` of the job go with the targets of service discovery; nothing else is sent."""
    async with serving() as here:
        here.fill(7.0, units=UNITS, devices=DEVICES)
        told = SCRAPES.format(port=here.port) + "    params: {'collect[]': [connectivity, agent]}\n"
        (tmp_path / "prometheus.yml").write_text(told, "utf-8")
        async with scraper(
            tmp_path, "prometheus", "--config.file={folder}/prometheus.yml", "--storage.tsdb.path={folder}/tsdb",
            "--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
        ) as address:  # fmt: skip
            await until(here, address, "sum(sansang_connectivity_up)", UNITS * DEVICES * 7)
            await until(here, address, 'count(up{job="sansang-devices"} == 1)', 3)
            await until(here, address, 'sum(scrape_samples_scraped{job="sansang-devices"})', UNITS * DEVICES)
            assert await query(here, address, SENT.series) == []


async def test_the_shipped_job_takes_what_dashboards_ask_for_and_of_outcomes_the_failed(tmp_path: Path) -> None:
    """By the configuration that is written for it."""
    async with serving() as here:
        for code in range(26000, 26000 + UNITS):
            labels = {"unit": f"{code}", "device": "d0", "check": "connectivity", "target": "portal"}
            outcomes = (line(OUTCOME, outcome is Outcome.FAILED, labels | {"outcome": outcome}) for outcome in Outcome)
            here.exposition.put_device(f"{code}", "d0", said(f"{code}", "d0", 7.0) | {OUTCOME: "".join(outcomes)})
        here.exposition.publish()
        servers = Servers(collector=f"127.0.0.1:{here.port}", shards=3, pace="1s")
        (tmp_path / "prometheus.yml").write_text(config(servers), "utf-8")
        async with scraper(
            tmp_path, "prometheus", "--config.file={folder}/prometheus.yml", "--storage.tsdb.path={folder}/tsdb",
            "--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ) as address:  # fmt: skip
            await until(here, address, "count(sansang_connectivity_up)", UNITS)
            await until(here, address, f"sum({OUTCOME})", UNITS)
            assert await query(here, address, f'{OUTCOME}{{outcome!="failed"}}') == []
            assert await query(here, address, SENT.series) == []
            await until(here, address, 'sum(scrape_samples_scraped{job="sansang-devices"})', UNITS * 5)
