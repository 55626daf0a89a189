from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import pytest

from checks.kit.stamp_session import Sender, Session, steady
from collector.reflector import Reflector
from tests.lab.namespaces import Namespace, Office, office

OFFICE = (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8:1::/64"))


@contextmanager
def reflecting(space: Namespace) -> Iterator[tuple[Reflector, int]]:
    """A reflector for the office, in `space`, on both families, with its port."""
    ready: Queue[tuple[Reflector, int, asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def serve() -> None:
        reflector, stop = Reflector(None, OFFICE), asyncio.Event()
        await reflector.start("::", 0)
        ready.put((reflector, reflector.port, asyncio.get_running_loop(), stop))
        await stop.wait()
        await reflector.stop()

    thread = threading.Thread(target=lambda: space.call(lambda: asyncio.run(serve())))
    thread.start()
    reflector, port, loop, stop = ready.get(timeout=20)
    try:
        yield reflector, port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture(scope="module")
def way() -> Iterator[Office]:
    with office() as made:
        made.pc.awaits(*Office.SERVER)
        yield made


def _run(address: str, port: int) -> Session:
    with Sender(address, port, session=5, dscp=46) as sender:
        return sender.run(steady(seconds=0.2, rate=50, size=1200, burst=3), wait=5.0)


@pytest.mark.parametrize("address", Office.SERVER)
def test_over_two_routers_every_packet_comes_back_and_the_routers_are_counted(way: Office, address: str) -> None:
    """By the TTL, in both families; each numbered, stamped and in order."""
    with reflecting(way.server) as (_, port):
        done = way.pc.call(lambda: _run(address, port))
    assert {one.ttl for one in done.exchanges} == {255 - 2}
    assert [one.answer for one in done.exchanges] == list(range(30))
    assert (done.stamps, done.stepped, done.foreign) == ("kernel", "", {})


def test_an_address_that_somebody_else_has_is_answered_from_that_address(way: Office) -> None:
    """The server has a second one; the answer comes from where the question went."""
    way.server.ip("addr", "add", "198.51.100.77/24", "dev", "isp")
    with reflecting(way.server) as (_, port):
        assert [one.copies for one in way.pc.call(lambda: _run("198.51.100.77", port)).exchanges] == [1] * 30


def test_who_is_not_of_the_office_hears_nothing(way: Office) -> None:
    """The router's own address on its other side is in no network that is open."""
    with reflecting(way.server) as (reflector, port):
        done = way.router.call(lambda: _silent(Office.SERVER[0], port))
    assert done.order == []
    assert reflector.answers.counts.dropped["not_open"] == 10


def _silent(address: str, port: int) -> Session:
    with Sender(address, port) as sender:
        return sender.run(steady(seconds=0.1, rate=100, size=44), wait=0.5)


def test_what_one_direction_loses_is_told_from_what_the_other_does(way: Office) -> None:
    """The kernel drops six of thirty packets on the way there, then on the way back: the numbers say which."""
    found = {}
    with reflecting(way.server) as (_, port):
        for name, side in (("there", "dport"), ("back", "sport")):
            way.isp.filter("forward", f"udp {side} {port} numgen inc mod 5 0 drop")
            done = way.pc.call(lambda: _lossy(Office.SERVER[0], port))
            way.isp.unfilter()
            heard = [one for one in done.exchanges if one.answer is not None]
            found[name] = (len(done.exchanges) - len(heard), (heard[-1].answer or 0) + 1 - len(heard))
    assert found == {"there": (6, 0), "back": (6, 6)}


def _lossy(address: str, port: int) -> Session:
    """Until 24 of the 30 packets have their answers."""
    with Sender(address, port) as sender:
        schedule = steady(seconds=0.3, rate=100, size=44)
        return sender.run(schedule, wait=20.0, watch=lambda so_far: len(so_far.order) < 24)
