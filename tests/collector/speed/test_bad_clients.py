"""What a client may do to the speed server: each ends within the test's time, by a name of its own."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import struct
import time
from collections.abc import Callable

import pytest

from checks.kit.ndt7 import DOWNLOAD, LARGEST, MAX_TEXT, UPLOAD
from collector.speed.record import Limits
from tests.collector.speed.plain import Plain
from tests.collector.speed.serving import RATE, SHORT, FakeGate, Served, served

DOWN, UP = f"{DOWNLOAD}?access_token=good", f"{UPLOAD}?access_token=good"


def claim(count: int, elapsed: int = 0) -> bytes:
    return json.dumps({"AppInfo": {"ElapsedTime": elapsed, "NumBytes": count}}).encode()


def texts(client: Plain) -> None:
    for _ in range(250):
        client.send(1, claim(0))


def pings(client: Plain) -> None:
    for _ in range(250):
        client.send(9, b"x" * 125)


def fragments(client: Plain) -> None:
    """A message in pieces of one byte that never ends."""
    client.send(2, b"x", final=False)
    for _ in range(1500):
        client.send(0, b"x", final=False)


def too_big(client: Plain) -> None:
    """Announced; the rest need not come."""
    client.writer.write(struct.pack("!BBQ", 0x82, 0xFF, LARGEST + 1) + b"mask" + b"x" * 1000)


def too_big_in_pieces(client: Plain) -> None:
    """No piece is too long, the message is."""
    client.send(1, b" " * (MAX_TEXT // 2), final=False)
    client.send(0, b" " * (MAX_TEXT // 2), final=False)
    client.send(0, b" ", final=True)


def one_in_another(client: Plain) -> None:
    client.send(2, b"x", final=False)
    client.send(1, b"x")


DEEDS: list[tuple[str, Callable[[Plain], None], str, int]] = [
    (DOWN, lambda client: client.send(2, b"x"), "binary_in_download", 1003),
    (DOWN, lambda client: client.send(2, b""), "binary_in_download", 1003),
    (DOWN, lambda client: client.send(1, claim(1 << 50)), "client_lied", 1008),
    (DOWN, lambda client: client.send(1, claim(-1)), "client_lied", 1008),
    (DOWN, lambda client: client.send(1, claim(1, 3_600_000_000)), "client_lied", 1008),
    (UP, lambda client: client.send(1, claim(1 << 50)), "client_lied", 1008),
    (UP, lambda client: client.send(1, claim(1, -5)), "client_lied", 1008),
    (UP, lambda client: client.send(1, b"\0" * 8192), "text_unreadable", 1007),
    (UP, lambda client: client.send(1, b'{"AppInfo": {"NumBytes": "many"}}'), "text_unreadable", 1007),
    (UP, lambda client: client.send(1, b'{"AppInfo": {"NumBytes": 1e400}}'), "text_unreadable", 1007),
    (UP, lambda client: client.send(1, b"[" * 5000), "text_unreadable", 1007),
    (UP, lambda client: client.send(1, b"\xff\xfe"), "text_unreadable", 1007),
    (UP, texts, "messages_too_often", 1008),
    (DOWN, pings, "messages_too_often", 1008),
    (UP, fragments, "frames_too_small", 1008),
    (UP, too_big, "message_too_big", 1009),
    (UP, too_big_in_pieces, "message_too_big", 1009),
    (UP, lambda client: client.send(2, b"x", masked=False), "protocol_error", 1002),
    (UP, lambda client: client.send(2, b"x", rsv=0x40), "protocol_error", 1002),
    (UP, lambda client: client.send(3, b"x"), "protocol_error", 1002),
    (UP, lambda client: client.send(9, b"x" * 126), "protocol_error", 1002),
    (UP, lambda client: client.send(9, b"x", final=False), "protocol_error", 1002),
    (UP, lambda client: client.send(0, b"x"), "protocol_error", 1002),
    (UP, one_in_another, "protocol_error", 1002),
    (UP, lambda client: client.close(4000), "client_closed", 1000),
]


@pytest.mark.parametrize(("target", "deed", "end", "code"), DEEDS)
async def test_what_may_not_be_done_ends_the_test_by_name(
    target: str, deed: Callable[[Plain], None], end: str, code: int
) -> None:
    """A close frame with code and name, the name in the record and in the counter; well before the test would end."""
    async with served(limits=Limits(run=20, most=30, stall=20)) as here:
        client = await Plain.ask(here.port, target)
        deed(client)
        async with asyncio.timeout(10):
            assert (await client.until_closed())[:2] == (code, end)
        client.close()
        record = await here.record()
        assert record["end"] == end
        assert record.get("claimed", {"bytes": 0, "elapsed": 0}) == {"bytes": 0, "elapsed": 0}
        assert here.metric("tests_total", test=record["test"], end=end) == 1
        client.writer.close()


async def test_who_opens_and_says_nothing_is_ended() -> None:
    """Nothing to measure: named so, and never a completed test of no bytes."""
    for limits in (SHORT, Limits(run=5, most=6, stall=0.3)):
        async with served(limits=limits) as here:
            client = await Plain.ask(here.port, UP)
            assert (await client.until_closed())[1] == "client_silent"
            await client.gone()
            assert (await here.record())["bytes"] == 0


async def stalled(here: Served) -> tuple[Plain, int]:
    """A download whose client does not read, and the most that this process grew by meanwhile (KiB)."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client = await Plain.ask(here.port, DOWN)
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await here.ended(test="download", end="client_stalled")
    return client, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


async def test_who_never_reads_is_ended_and_costs_no_memory() -> None:
    """What waits for it is bounded, whatever its lease would allow."""
    async with served(FakeGate(rate=100e9), Limits(run=20, most=30, stall=0.6), capacity_mbps=1e6) as here:
        client, grown = await stalled(here)
        record = await here.record()
        client.writer.close()
    assert record["end"] == "client_stalled"
    assert record["bytes"] < 1 << 24
    assert grown < 1 << 15


async def test_a_connection_that_breaks_is_named_and_sends_nothing_more() -> None:
    """Both ways; the sender does not go round in circles over a closed connection."""
    for target in (DOWN, UP):
        async with served(limits=Limits(run=20, most=30, stall=20)) as here:
            client = await Plain.ask(here.port, target)
            client.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            client.writer.transport.abort()
            record = await here.record()
            assert record["end"] == "client_gone"
            assert record["seconds"] < 10


async def test_a_lease_whose_bytes_are_used_up_ends_the_test() -> None:
    """A download never passes them; an upload ends at the first that arrives beyond."""
    for target in (DOWN, UP):
        gate = FakeGate(left=100_000)
        async with served(gate, Limits(run=20, most=30, stall=20)) as here:
            client = await Plain.ask(here.port, target)
            if target == UP:
                client.send(2, bytes(150_000))
            code, end, _, count = await client.until_closed()
            await client.gone()
            record = await here.record()
        assert (code, end, record["end"]) == (1000, "lease_over", "lease_over")
        assert count <= 100_000
        assert (record["bytes"] == 150_000) if target == UP else (83_616 < record["bytes"] == count)


async def test_a_lease_whose_time_is_over_ends_the_test() -> None:
    """Whatever the test would still run."""
    async with served(FakeGate(seconds=0.3), Limits(run=20, most=30, stall=20)) as here:
        client = await Plain.ask(here.port, DOWN)
        assert (await client.until_closed())[:2] == (1000, "lease_over")
        await client.gone()
        assert 0.3 <= (await here.record())["seconds"] < 5


async def test_who_answers_no_close_frame_is_cut_off() -> None:
    """A client that keeps sending after the end does not hold its place."""
    async with served(limits=Limits(run=0.3, most=0.6, stall=0.3), connections=1) as here:
        client = await Plain.ask(here.port, UP)
        client.send(2, b"x")
        await client.until_closed()
        started = time.monotonic()
        while here.metric("connections"):
            await asyncio.sleep(0.02)
            assert time.monotonic() - started < 5
        client.writer.close()


async def test_a_collector_that_stops_ends_its_tests_at_once() -> None:
    """1001, and a record of what was; no new test begins."""
    async with served(limits=Limits(run=20, most=30, stall=20)) as here:
        client = await Plain.ask(here.port, DOWN)
        await here.speed.stop()
        assert (await client.until_closed())[:2] == (1001, "server_stopping")
        await client.gone()
        assert (await here.record())["end"] == "server_stopping"
        late = await Plain.ask(here.port, DOWN)
        assert late.status == 503
        late.writer.close()


async def test_a_crowd_gets_503_and_the_tests_inside_go_on() -> None:
    """Two places; two hundred who ask at once, with a token that is never looked at."""
    gate = FakeGate(rate=RATE)
    async with served(gate, Limits(run=1.0, most=3, stall=3), connections=2) as here:
        inside = [await Plain.ask(here.port, DOWN) for _ in range(2)]
        crowd = await asyncio.gather(*(Plain.ask(here.port, UP) for _ in range(200)))
        assert {client.status for client in crowd} == {503}
        assert "Retry-After: 10\r\n" in crowd[0].head
        assert "Connection: close\r\n" in crowd[0].head
        body = json.loads(await crowd[0].reader.read())
        assert body == {
            "error": "busy", "message": "2 connections of speed tests are open, and no more may be", "retry_after": 10.0
        }  # fmt: skip
        closed = await asyncio.gather(*(client.until_closed() for client in inside))
        assert {code for code, *_ in closed} == {1000}
        for client in (*crowd, *inside):
            client.writer.close()
        assert len(gate.opened) == 2
        assert here.metric("refusals_total", code="busy") == 200
