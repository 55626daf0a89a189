from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from checks.kit import stamp
from checks.kit.stamp_session import Departure, Sender, Session, steady
from collector.reflecting import sockets
from collector.reflecting.limits import Limits
from collector.reflector import Reflector
from tests.collector.reflecting import KEY, SSID, Leases, packet

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
QUICK = [Departure(0.002 * number, 112) for number in range(10)]
IP_RECVTTL, IP_RECVTOS = 12, 13


@asynccontextmanager
async def reflecting(
    gate: Leases | None = None, host: str = "::", limits: Limits | None = None
) -> AsyncIterator[Reflector]:
    reflector = Reflector(gate, LOOPBACK if gate is None else (), limits=limits)
    await reflector.start(host, 0)
    try:
        yield reflector
    finally:
        await reflector.stop()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def _run(address: str, port: int, schedule: list[Departure] = QUICK, **settings: Any) -> Session:
    with Sender(address, port, **settings) as sender:
        return sender.run(schedule, wait=5.0)


async def _ask(
    port: int, data: bytes, *, address: str = "127.0.0.1", **options: int
) -> tuple[bytes, dict[int, int], str]:
    """The answer, the octets of its IP header that came with it, and who sent it."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        for told in (IP_RECVTOS, IP_RECVTTL):
            sock.setsockopt(socket.IPPROTO_IP, told, 1)
        for name, value in options.items():
            sock.setsockopt(socket.IPPROTO_IP, getattr(socket, name), value)
        sock.sendto(data, (address, port))
        answer, control, _, source = await loop.run_in_executor(None, sock.recvmsg, 65535, 100)
    return answer, {kind: value[0] for _, kind, value in control}, source[0]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_both_families_are_answered_at_one_port(address: str) -> None:
    """Every packet, in a session numbered from 0, with the TTL of 255 that it left with."""
    async with reflecting() as reflector:
        done = await asyncio.to_thread(_run, address, reflector.port, session=9)
        assert reflector.answers.counts.reflected == 10
    assert [one.answer for one in done.exchanges] == list(range(10))
    assert {one.ttl for one in done.exchanges} == {255}
    assert done.stepped == ""
    assert all(one.t2 is not None and one.t3 is not None and one.t2 <= one.t3 for one in done.exchanges)


async def test_what_is_measured_there_is_not_what_this_process_does() -> None:
    """A loop that stands still for 0.2 s answers late, and says that the time in between was its own."""
    async with reflecting() as reflector:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            before = time.time_ns()
            sock.sendto(packet(), ("127.0.0.1", reflector.port))
            after = time.time_ns()
            time.sleep(0.2)
            data = await asyncio.to_thread(sock.recv, 100)
    answer = stamp.parse_reflected(data)
    assert before <= answer.came <= after
    assert answer.at - answer.came >= 190_000_000


async def test_the_ttl_of_the_packet_is_told() -> None:
    """So that the sender knows how many routers there were; the answer leaves with 255."""
    async with reflecting() as reflector:
        answer, header, _ = await _ask(reflector.port, packet(), IP_TTL=17)
    assert stamp.parse_reflected(answer).ttl == 17
    assert header[socket.IP_TTL] == 255


async def test_the_dscp_is_kept_and_the_ecn_is_not() -> None:
    """The way back is measured in the same class; marks of congestion belong to one way."""
    async with reflecting() as reflector:
        _, header, _ = await _ask(reflector.port, packet(), IP_TOS=46 << 2 | 1)
    assert header[socket.IP_TOS] == 46 << 2


async def test_the_answer_comes_from_the_address_that_was_asked() -> None:
    """A machine has many: from another, a connected sender would not hear it."""
    async with reflecting() as reflector:
        _, _, source = await _ask(reflector.port, packet(), address="127.0.0.5")
    assert source == "127.0.0.5"


async def test_one_address_is_listened_at_when_one_is_named() -> None:
    """And no other."""
    async with reflecting(host="127.0.0.1") as reflector:
        assert [one.copies for one in (await asyncio.to_thread(_run, "127.0.0.1", reflector.port)).exchanges] == [
            1
        ] * 10
        done = await asyncio.to_thread(_run, "127.0.0.2", reflector.port)
    assert done.refused


async def test_a_lease_measures_both_ways_at_its_rate() -> None:
    """As large back as there, in authenticated mode; the leases get the record."""
    leases = Leases(rate=3e6)
    schedule = steady(seconds=0.4, rate=50, size=1200, burst=6)
    async with reflecting(leases) as reflector:
        done = await asyncio.to_thread(_run, "127.0.0.1", reflector.port, schedule, key=KEY, session=SSID)
    assert [one.copies for one in done.exchanges] == [1] * 120
    assert done.bytes_received == done.bytes_sent == 120 * 1200
    ((lease, test, record),) = leases.records
    assert (lease, test, record["packets"], record["reflected"]) == ("L1", "realtime", 120, 120)
    assert leases.left == 10**9 - 2 * 120 * 1200


async def test_without_a_lease_nobody_else_is_answered() -> None:
    """Neither with a wrong key nor without one."""
    async with reflecting(Leases()) as reflector:
        with Sender("127.0.0.1", reflector.port, key=b"wrong", session=SSID) as sender:
            done = await asyncio.to_thread(sender.run, QUICK, wait=0.1)
        with Sender("127.0.0.1", reflector.port) as sender:
            other = await asyncio.to_thread(sender.run, QUICK, wait=0.1)
        dropped = reflector.answers.counts.dropped
        await _until(lambda: (dropped["bad_hmac"], dropped["not_open"]) == (10, 10))
        assert reflector.answers.counts.reflected == 0
    assert not done.order
    assert not other.order


async def test_what_is_too_long_to_be_a_packet_is_dropped() -> None:
    """It was not read to its end, and is not answered."""
    async with reflecting() as reflector:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(packet(size=sockets.LONGEST + 1), ("127.0.0.1", reflector.port))
        await _until(lambda: reflector.answers.counts.dropped["malformed"] == 1)
        assert reflector.answers.counts.reflected == 0


async def test_what_the_kernel_has_no_room_for_is_counted() -> None:
    """With the next packet that comes: nothing is lost in silence."""
    async with reflecting(host="127.0.0.1", limits=Limits(source_packets=1e6)) as reflector:
        counts = reflector.answers.counts
        reflector._sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for number in range(100):
                sock.sendto(packet(number), ("127.0.0.1", reflector.port))
            await _until(lambda: counts.received > 0)
            sock.sendto(packet(100), ("127.0.0.1", reflector.port))
            await _until(lambda: counts.received == 101)
    assert counts.dropped["overflow"] > 50
    assert counts.reflected == 101 - counts.dropped["overflow"]


async def test_a_flood_leaves_the_loop_its_turn() -> None:
    """Between two batches others run: forty packets wait, and it is not all of them at once."""
    async with reflecting(limits=Limits(source_packets=1e6)) as reflector:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for number in range(40):
                sock.sendto(packet(number), ("127.0.0.1", reflector.port))
            seen = []
            async with asyncio.timeout(5):
                while reflector.answers.counts.received < 40:
                    await asyncio.sleep(0)
                    seen.append(reflector.answers.counts.received)
    assert 32 in seen


async def test_two_reflectors_cannot_be_set_on_one_another() -> None:
    """A packet that goes to one in the other's name is answered, and its answer is not."""
    async with reflecting() as one, reflecting() as other:
        one._sockets[-1].sendto(packet(at=time.time_ns()), ("127.0.0.1", other.port))
        await _until(lambda: one.answers.counts.dropped["answer"] == 1)
        assert other.answers.counts.received == other.answers.counts.reflected == 1


async def test_a_port_that_is_taken_is_an_error() -> None:
    """Of the system, for who starts it."""
    async with reflecting(host="127.0.0.1") as reflector:
        second = Reflector(None, LOOPBACK)
        with pytest.raises(OSError, match="in use"):
            await second.start("127.0.0.1", reflector.port)
        assert second.port == 0
        await second.stop()


async def test_a_record_that_cannot_be_kept_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the lease it belongs to; the reflector goes on."""

    class Broken(Leases):
        async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
            raise RuntimeError("the store is gone")

    with caplog.at_level(logging.ERROR, "sansang.reflector"):
        async with reflecting(Broken()) as reflector:
            await _ask(reflector.port, packet(key=KEY, at=time.time_ns()))
    (line,) = caplog.records
    assert line.getMessage() == "a test's record was not kept"
    assert (line.lease, line.why) == ("L1", "the store is gone")  # type: ignore[attr-defined]


def test_a_stamp_of_the_kernel_is_read_to_the_nanosecond() -> None:
    """It lies between the clock before the sending and the clock after it."""
    (sock,) = sockets.bound("127.0.0.1", 0)
    with sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        before = time.time_ns()
        other.sendto(b"x", sock.getsockname())
        after = time.time_ns()
        got = sockets.receive(sock)
    assert before <= got.came <= after
    assert got.whole
    assert got.control == [(socket.IPPROTO_IP, 8, struct.pack("@i", 0) + b"\x7f\0\0\x01" + bytes(4))]
