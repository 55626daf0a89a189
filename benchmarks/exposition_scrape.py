"""Servers that are filled with the same samples, and what Prometheus' scrapes of them take."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import statistics
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.exposition_city import SERIES, texts
from benchmarks.load import cpu_seconds, free_port, rss, server

ROOT = Path(__file__).resolve().parent.parent
TICK = 100  # of /proc/PID/stat (USER_HZ)
SHARES = (0.0, 0.01, 0.1, 0.25, 0.5, 1.0)
SCRAPES = """\
global: {{scrape_interval: {every}s, scrape_timeout: {every}s}}
scrape_configs:
  - job_name: b
    honor_labels: true
    metrics_path: {path}
    params: {params}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
FEDERATE = {"match[]": ['{__name__!=""}'], "max_lookback": ["1h"]}


class Size(Struct, kw_only=True):
    """How much is measured: devices, seconds between scrapes, scrapes after the first, rounds of changes."""

    devices: int
    every: int
    steady: int
    rounds: int


class Scraped(Struct, kw_only=True):
    """What scrapes of one server take: CPU and duration (s) of the first and of the steady ones' middle, memory (MiB)
    after them, bytes."""

    first_cpu: float
    cpu: float
    first_took: float
    took: float
    rss: float
    packed: int
    plain: int


def spent(pid: int) -> float:
    """CPU seconds of `pid`. Of its threads to the nanosecond, of those that are gone to a tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return max(cpu_seconds(pid), (int(fields[11]) + int(fields[12])) / TICK)


def get(port: int, path: str, method: str = "GET", **headers: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=120) as reply:
        body: bytes = reply.read()
    return body


def packed(port: int, path: str = "/metrics") -> bytes:
    return get(port, path, **{"Accept-Encoding": "gzip"})


def scraped(
    folder: Path,
    size: Size,
    name: str,
    pid: int,
    port: int,
    path: str = "/metrics",
    params: dict[str, list[str]] | None = None,
) -> Scraped:
    """By a Prometheus of its own."""
    file, own = folder / f"prometheus-{port}.yml", free_port()
    file.write_text(SCRAPES.format(every=size.every, port=port, path=path, params=json.dumps(params or {})))
    command = [
        "prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / f'tsdb-{port}'}",
        f"--web.listen-address=127.0.0.1:{own}", "--log.level=error",
    ]  # fmt: skip
    before = spent(pid)
    with server(command, f"http://127.0.0.1:{own}/-/ready", folder / "prometheus.log", core=1):
        wait(own, 1)
        first = spent(pid)
        wait(own, 1 + size.steady)
        after = spent(pid)
        durations = values(own, "scrape_duration_seconds")
        got = min(values(own, "scrape_samples_scraped"))
        if min(values(own, "up")) < 1 or got < size.devices * SERIES:
            [target] = json.loads(get(own, "/api/v1/targets"))["data"]["activeTargets"]
            why = target["lastError"] or "an earlier scrape failed"
            raise SystemExit(f"Prometheus got {got:.0f} of {size.devices * SERIES} series from {name}: {why}")
    memory = rss(pid)
    query = f"?{urllib.parse.urlencode(params, doseq=True)}" if params else ""
    return Scraped(
        first_cpu=first - before, cpu=(after - first) / (len(durations) - 1), first_took=durations[0],
        took=statistics.median(durations[1:]), rss=memory, packed=len(packed(port, path + query)),
        plain=len(get(port, path + query)),
    )  # fmt: skip


def values(port: int, series: str) -> list[float]:
    """All samples of `series` that the Prometheus at `port` has."""
    answer = json.loads(get(port, f"/api/v1/query?query={urllib.parse.quote(series + '[1h]')}"))
    found: list[Any] = answer["data"]["result"]
    return [float(value) for _, value in found[0]["values"]] if found else []


def wait(port: int, scrapes: int) -> None:
    """Until Prometheus has scraped so often."""
    while len(values(port, "scrape_duration_seconds")) < scrapes:
        time.sleep(0.1)


@contextlib.contextmanager
def running(folder: Path, size: Size, which: str, *more: str) -> Iterator[tuple[int, int]]:
    """One of benchmarks.exposition_city's servers: pid and port."""
    port = free_port()
    python = ["env", f"PYTHONPATH={ROOT}", sys.executable]
    command = [*python, "-m", "benchmarks.exposition_city", which, str(port), str(size.devices), *more]
    ready = f"http://127.0.0.1:{port}/" + ("favicon.ico" if which == "client" else "stall")
    with server(command, ready, folder / f"{which}.log") as pid:
        yield pid, port


def ours(folder: Path, size: Size) -> Scraped:
    with running(folder, size, "ours") as (pid, port):
        return scraped(folder, size, "ours", pid, port)


def client(folder: Path, size: Size) -> Scraped:
    with running(folder, size, "client") as (pid, port):
        return scraped(folder, size, "client", pid, port)


def changes(folder: Path, size: Size) -> tuple[dict[int, float], dict[int, float], float]:
    """CPU (s) of a scrape by how many devices changed before it, rendering included; that of rendering alone; and
    that of an unchanged scrape without gzip. Middles of some rounds."""
    whole: dict[int, list[float]] = {}
    rendering: dict[int, list[float]] = {}
    with running(folder, size, "ours") as (pid, port):
        packed(port)
        for share in SHARES * size.rounds:
            count = int(get(port, f"/prepare?share={share}", "POST"))
            before = spent(pid)
            get(port, "/change", "POST")
            rendered = spent(pid)
            packed(port)
            whole.setdefault(count, []).append(spent(pid) - before)
            rendering.setdefault(count, []).append(rendered - before)
        before = spent(pid)
        for _ in range(size.rounds):
            get(port, "/metrics")
        plain = (spent(pid) - before) / size.rounds
    return middles(whole), middles(rendering), plain


def middles(found: dict[int, list[float]]) -> dict[int, float]:
    return {count: statistics.median(each) for count, each in found.items()}


def stall(folder: Path, size: Size) -> float:
    """Longest work (s of CPU) of the event loop without a break while everything is compressed anew and sent: the
    middle of some scrapes."""
    found = []
    with running(folder, size, "ours", "--watch") as (_, port):
        for _ in range(size.rounds + 2):
            get(port, "/prepare?share=1", "POST")
            get(port, "/change", "POST")
            get(port, "/stall")
            packed(port)
            found.append(float(get(port, "/stall")))
    return statistics.median(found)


def pushgateway(folder: Path, size: Size) -> Scraped:
    port = free_port()
    command = [
        "prometheus-pushgateway",
        f"--web.listen-address=127.0.0.1:{port}",
        "--push.disable-consistency-check",
        "--persistence.file=",
    ]
    with server(command, f"http://127.0.0.1:{port}/-/ready", folder / "pushgateway.log") as pid:
        send(port, (
            ("PUT", f"/metrics/job/sansang/unit/{device.unit}/device/{device.id}", text)
            for device, text in texts(size.devices)
        ))  # fmt: skip
        return scraped(folder, size, "pushgateway", pid, port)


def victoria(folder: Path, size: Size) -> Scraped:
    port = free_port()
    command = ["victoria-metrics", f"-storageDataPath={folder / 'vm'}", f"-httpListenAddr=127.0.0.1:{port}"]
    with server(command, f"http://127.0.0.1:{port}/health", folder / "vm.log") as pid:
        send(port, (
            ("POST", "/api/v1/import/prometheus", "".join(text for _, text in some))
            for some in chunks(texts(size.devices), 200)
        ))  # fmt: skip
        get(port, "/internal/force_flush")
        return scraped(folder, size, "victoria-metrics", pid, port, "/federate", FEDERATE)


def chunks(items: Iterator[Any], count: int) -> Iterator[list[Any]]:
    while some := list(itertools.islice(items, count)):
        yield some


def send(port: int, requests: Iterator[tuple[str, str, str]]) -> None:
    """Method, path and body of each, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for method, path, body in requests:
        connection.request(method, path, body.encode(), {"Content-Type": "text/plain"})
        reply = connection.getresponse()
        reply.read()
        if reply.status >= 300:
            raise SystemExit(f"{method} {path} was answered {reply.status}")
    connection.close()
