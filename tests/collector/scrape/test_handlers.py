"""The pages over real sockets: formats, codings, whole states or nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import shutil
import socket
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from collector.config import networks
from collector.scrape import handlers
from collector.scrape.formats import Format
from collector.scrape.handlers import Guard
from tests.collector.scrape.serving import LOOPBACK, Served, said, serving

OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}
GZIP = {"Accept-Encoding": "gzip"}


async def test_each_page_in_each_format_and_coding_is_read_by_who_asked_for_it() -> None:
    """Units' page and devices' page, classic and OpenMetrics, gzip and plain; all say the same."""
    async with serving() as here:
        here.fill(1.0)
        here.exposition.put_standards(
            "# HELP sansang_profile_loaded x\n# TYPE sansang_profile_loaded gauge\nsansang_profile_loaded 1\n"
        )
        here.exposition.put_unit(
            "26000", {"sansang_unit_verdict": 'sansang_unit_verdict{unit="26000",verdict="ready"} 1\n'}
        )
        here.exposition.publish()
        for path in ("/metrics", "/metrics/devices", "/metrics/devices?unit=26001", "/metrics/devices?shard=0/1"):
            told = []
            for accept, form, parse in (
                ({}, Format.CLASSIC, parse_classic), (OPENMETRICS, Format.OPENMETRICS, parse_openmetrics),
            ):  # fmt: skip
                for coding in ({}, GZIP, {"Accept-Encoding": "gzip;q=0, identity"}):
                    status, body, headers = await here.get(path, **accept, **coding)
                    assert (status, headers["Content-Type"]) == (200, form.value)
                    assert headers["Vary"] == "Accept, Accept-Encoding"
                    assert headers.get("Content-Encoding") == ("gzip" if coding is GZIP else None)
                    text = (gzip.decompress(body) if coding is GZIP else body).decode()
                    assert text.endswith("# EOF\n") is (form is Format.OPENMETRICS)
                    assert text.count("# EOF") == (form is Format.OPENMETRICS)
                    samples = [sample for family in parse(text) for sample in family.samples]
                    told.append(sorted(str(one) for one in samples if "scrape_seconds" not in one.name))
            assert told[0]
            assert all(each == told[0] for each in told), path


async def test_the_classic_pages_pass_promtool() -> None:
    """The collector's own numbers too."""
    promtool = shutil.which("promtool")
    assert promtool, "promtool comes with Debian's prometheus: apt-get install prometheus"
    async with serving() as here:
        here.fill(1.0)
        for path in ("/metrics", "/metrics/devices"):
            _, body, _ = await here.get(path)
            done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), path


async def test_head_tells_the_headers_and_leaves_the_connection_in_order() -> None:
    """Plain and compressed, then a page on the same connection."""
    async with serving() as here:
        here.fill(1.0)
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        for coding in ("identity", "gzip"):
            writer.write(f"HEAD /metrics/devices HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            assert head.startswith("HTTP/1.1 200")
            assert "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
            assert ("Content-Encoding: gzip" in head) is (coding == "gzip")
        writer.write(b"GET /metrics/devices HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        assert length, head
        assert gzip.decompress(await reader.readexactly(int(length[1]))).count(b"\nsansang_") == 48
        writer.close()


@pytest.mark.parametrize(("path", "status", "code", "message"), [
    ("/metrics/devices?unit=99999", 404, "unknown_unit", "no unit has the code '99999' in this locality"),
    ("/metrics/devices?shard=4/4", 400, "bad_shard",
     "a shard is i/n with 0 <= i < n <= 1024, such as 0/4; got '4/4'"),
    ("/metrics/devices?shard=", 400, "bad_shard", "a shard is i/n with 0 <= i < n <= 1024, such as 0/4; got ''"),
    ("/metrics/devices?unit=26000&shard=0/4", 400, "bad_shard", "a page is of one unit or of one shard, not of both"),
    ("/sd/devices?shards=0", 400, "bad_shards", "shards is a whole number from 1 to 1024; got '0'"),
])  # fmt: skip
async def test_what_makes_no_sense_is_refused(path: str, status: int, code: str, message: str) -> None:
    """And is no empty page that looks well."""
    async with serving() as here:
        answered, body, _ = await here.get(path)
        assert (answered, json.loads(body)) == (status, {"error": code, "message": message})


async def test_nothing_is_told_to_other_networks_nor_while_it_starts_or_stops() -> None:
    """403; 503 with Retry-After: a Prometheus counts the scrape as failed and keeps what it had."""
    told = {"starting": "the collector is starting", "stopping": "the collector is stopping"}
    trouble: list[tuple[str, str] | None] = [None]
    async with serving(trouble=lambda: trouble[0]) as here:
        for path in ("/metrics", "/metrics/devices", "/sd/devices"):
            for code, message in told.items():
                trouble[0] = (code, message)
                status, body, headers = await here.get(path)
                assert (status, headers["Retry-After"]) == (503, "5")
                assert json.loads(body) == {"error": code, "message": message, "retry_after": 5.0}
        trouble[0] = None
        assert (await here.get("/metrics"))[0] == 200
    async with serving(Guard(networks(("10.0.0.0/8",)), ())) as here:
        for path in ("/metrics", "/metrics/devices", "/sd/devices"):
            status, body, _ = await here.get(path)
            assert (status, json.loads(body)["error"]) == (403, "forbidden")


async def test_service_discovery_names_the_address_that_people_use_or_the_one_that_was_asked() -> None:
    """``public_url`` first; without one the ``Host``, when it is an address."""
    async with serving() as here:
        here.fill(1.0)
        status, body, headers = await here.get("/sd/devices")
        assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
        assert [group["targets"] for group in json.loads(body)] == [[f"127.0.0.1:{here.port}"]]
        status, body, _ = await here.get("/sd/devices?shards=3")
        assert [group["labels"]["__param_shard"] for group in json.loads(body)] == ["0/3", "1/3", "2/3"]
        assert (await here.get("/sd/devices", Host='x"y'))[0] == 400
    async with serving(Guard(LOOPBACK, (), "https://sansang.example.vn/p")) as here:
        [group] = json.loads((await here.get("/sd/devices"))[1])
        assert group["targets"] == ["sansang.example.vn:443"]
        assert group["labels"]["__metrics_path__"] == "/p/metrics/devices"


async def values(here: Served, **headers: str) -> set[bytes]:
    """Every value on the page of devices."""
    _, body, _ = await here.get("/metrics/devices", **headers)
    text = gzip.decompress(body) if headers else body
    return {row.rsplit(b" ", 1)[1] for row in text.splitlines() if not row.startswith(b"#")}


@pytest.mark.parametrize("headers", [{}, GZIP])
async def test_a_scrape_sees_one_state_while_the_next_is_being_put(headers: dict[str, str]) -> None:
    """Every device says the same number; no page ever has two."""
    async with serving() as here:
        here.fill(0.0, units=40)

        async def sweeps() -> None:
            for value in range(1, 40):
                for code in range(26000, 26040):
                    for number in range(4):
                        here.exposition.put_device(f"{code}", f"d{number}", said(f"{code}", f"d{number}", value))
                    await asyncio.sleep(0)
                here.exposition.publish()

        sweeping, seen = asyncio.create_task(sweeps()), []
        while not sweeping.done():
            seen.append(await values(here, **headers))
        await sweeping
        seen.append(await values(here, **headers))
        assert all(len(each) == 1 for each in seen)
        assert len(set().union(*seen)) > 1


async def test_a_page_that_breaks_off_is_no_page() -> None:
    """The server goes while a slow client reads: what it has lacks the last chunk."""
    async with serving() as here:
        here.fill(1.0, units=60, devices=50, pad=2000)
        with slow(here.port) as client:
            client.sendall(b"GET /metrics/devices HTTP/1.1\r\nHost: x\r\n\r\n")
            first = await asyncio.to_thread(client.recv, 1000)
            await here.runner.cleanup()
            rest = await asyncio.to_thread(drained, client)
        assert first.startswith(b"HTTP/1.1 200")
        assert not rest.endswith(b"0\r\n\r\n")


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was sent ends without an end."""
    monkeypatch.setattr(handlers, "PATIENCE", 0.3)
    async with serving() as here:
        here.fill(1.0, units=60, devices=50, pad=2000)
        with slow(here.port) as client:
            client.sendall(b"GET /metrics/devices HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(1.0)
            rest = await asyncio.to_thread(drained, client)
        assert rest
        assert not rest.endswith(b"0\r\n\r\n")
        assert (await here.get("/metrics"))[0] == 200


def slow(port: int) -> socket.socket:
    """A client whose buffer is small."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.settimeout(20)
    return client


def drained(client: socket.socket) -> bytes:
    """Everything until the connection ends, by whatever end."""
    found = b""
    try:
        while piece := client.recv(1 << 20):
            found = found[-100:] + piece
    except ConnectionError:
        pass
    return found


async def test_scrapes_and_series_are_counted() -> None:
    """By page and by kind."""
    async with serving() as here:
        here.fill(1.0)
        for path in ("/metrics/devices", "/metrics/devices", "/metrics"):
            await here.get(path)
        text = (await here.get("/metrics"))[1].decode()
        assert 'sansang_collector_scrape_seconds_count{page="devices"} 2.0' in text
        assert 'sansang_collector_scrape_seconds_count{page="units"} 1.0' in text
        assert 'sansang_collector_series{kind="devices"} 48.0' in text
        own = sum(not row.startswith("#") for row in text.splitlines())
        assert f'sansang_collector_series{{kind="collector"}} {own}.0' in text
        here.exposition.keep_devices("26000", set())
        here.exposition.publish()
        assert 'sansang_collector_series{kind="devices"} 40.0' in (await here.get("/metrics"))[1].decode()
