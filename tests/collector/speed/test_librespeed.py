"""What LibreSpeed's clients find, where they may look."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from collector.speed.record import Limits
from tests.collector.speed.serving import LOOPBACK, Served, served


async def got(here: Served, path: str) -> tuple[int, str]:
    """Status and body."""
    url = f"http://127.0.0.1:{here.port}/backend/{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status, await reply.text()


async def test_garbage_is_as_many_mebibytes_as_are_asked_for_and_random() -> None:
    """As a file to keep, never from a cache; four where nobody says."""
    async with served(open=LOOPBACK, librespeed=True, capacity_mbps=1e5) as here, aiohttp.ClientSession() as session:
        for query, chunks in (("?ckSize=2", 2), ("", 4), ("?ckSize=many", 4), ("?ckSize=0", 4), ("?ckSize=-3", 4)):
            async with session.get(f"http://127.0.0.1:{here.port}/backend/garbage.php{query}") as reply:
                body = await reply.read()
                assert (reply.status, len(body)) == (200, chunks << 20)
                assert len(set(body[:10_000])) == 256
        assert reply.headers["Content-Disposition"] == "attachment; filename=random.dat"
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert "no-store" in reply.headers["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert here.metric("bytes_total", test="download") == 18 << 20
        assert here.metric("connections") == 0


async def test_empty_takes_what_is_posted_and_says_nothing() -> None:
    """More than any other address takes; with the headers for pages of another origin, where they ask."""
    async with served(open=LOOPBACK, librespeed=True, capacity_mbps=1e5) as here, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{here.port}/backend/empty.php?cors=true"
        async with session.post(url, data=bytes(5 << 20)) as reply:
            assert (reply.status, await reply.read()) == (200, b"")
            assert reply.headers["Access-Control-Allow-Origin"] == "*"
            assert reply.headers["Access-Control-Allow-Headers"] == "Content-Encoding, Content-Type"
        async with session.get(url) as reply:
            assert (reply.status, await reply.read()) == (200, b"")
        assert here.metric("bytes_total", test="upload") == 5 << 20


async def test_the_address_is_told_and_nobody_else_is_asked_about_it() -> None:
    """The shape that clients show."""
    async with served(open=LOOPBACK, librespeed=True) as here:
        status, told = await got(here, "getIP.php?isp=true")
    assert (status, json.loads(told)) == (200, {"processedString": "127.0.0.1", "rawIspInfo": ""})


@pytest.mark.parametrize("path", ["garbage.php", "empty.php", "getIP.php"])
async def test_others_are_refused_and_without_the_setting_there_is_nothing(path: str) -> None:
    """403 with the name of the setting; 404."""
    async with served(librespeed=True) as here:
        status, told = await got(here, path)
    refusal = {"error": "forbidden", "message": "this address may not test without a lease (speed.open)"}
    assert (status, json.loads(told)) == (403, refusal)
    async with served(open=LOOPBACK) as here:
        assert (await got(here, path))[0] == 404


async def test_a_client_that_never_reads_or_never_ends_is_cut_off() -> None:
    """After as long as an ndt7 test may take; its place is free again."""
    async with served(None, Limits(run=0.3, most=0.5, stall=0.3), open=LOOPBACK, librespeed=True) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"POST /backend/empty.php HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
        other, sink = await asyncio.open_connection("127.0.0.1", here.port)
        sink.write(b"GET /backend/garbage.php?ckSize=1024 HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            while here.metric("connections") != 2:
                await asyncio.sleep(0.01)
            while here.metric("connections"):
                await asyncio.sleep(0.01)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(10)
        writer.close()
        sink.close()
        assert other is not None
