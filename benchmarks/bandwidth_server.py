"""The collector's speed server as a process of its own in a lab, beside it ``POST /v1/leases`` where it is told units.

``python -m benchmarks.bandwidth_server ADDRESS PORT [FILE.pem]`` reads lines of JSON and answers each with one:
``{"rate": bits}`` is what every lease allows from now on (``null`` is answered), ``{"cpu": true}`` asks for the
seconds of CPU it has used. The first line is a :class:`City`, or empty: then any token is as good as a lease.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiohttp import web
from msgspec import Struct
from prometheus_client import CollectorRegistry

from checks.kit.leasing import Server
from checks.kit.ndt7 import Test
from collector import config, log
from collector.config import CollectorConfig
from collector.directory import Directory
from collector.leases.api import LeaseApi
from collector.leases.book import Book
from collector.leases.gate import Gate, Pass
from collector.leases.model import MEGABIT, Calendar, Line, Policy
from collector.leases.place import Place
from collector.leases.policy import Room
from collector.readiness.hours import DAY_MINUTES, Span
from collector.speed.meters import Meters
from collector.speed.server import Speed
from collector.store.engine import Store
from tests.collector.pushing import Sender, enrolled

NAME = "lab"
WEEK = frozenset(range(7))
OPENS = 11 * 60 + 30
"""Minute of the day when the quiet time of a :class:`City` begins, by its own clock."""
NOON = 1_795_149_000
"""Seconds since 1970 of 11:30 on Friday 20 November 2026 in Viet Nam."""


class City(Struct, frozen=True, kw_only=True):
    """Units by code with what their lines are contracted for (bit/s each way); ``share`` (bit/s) is what all tests may
    use together, ``minutes`` how long the quiet time lasts that begins as soon as this is told."""

    units: dict[str, int]
    share: int
    minutes: int


class Anyone:
    """A gate that every token opens, for ``rate`` bit/s."""

    def __init__(self) -> None:
        self.rate = 1e9

    async def open(self, token: str, test: Test, proof: str) -> Pass:
        ends = time.time_ns() // 1000 + 60_000_000
        return Pass(lease=token + proof, device=str(test), unit="", rate=self.rate, left=1 << 40, ends_at=ends)

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:  # noqa: ARG002
        return True

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None: ...

    def session(self, ssid: int) -> Pass | None:  # noqa: ARG002
        return None


def clock() -> Callable[[], int]:
    """The wall clock, set to NOON now."""
    ahead = NOON * 1_000_000 - time.time_ns() // 1000
    return lambda: time.time_ns() // 1000 + ahead


async def book(city: City, store: Store, url: str, now: Callable[[], int]) -> tuple[Book, Directory, dict[str, str]]:
    """Leases for `city`, who may ask for them, and the device of each unit: that with the key of its number."""
    found = {
        unit: enrolled(store, Sender(key=number), unit).device for number, unit in enumerate(city.units, 1)
    }  # fmt: skip
    directory = Directory(store)
    await directory.refresh()
    quiet = (Span(WEEK, OPENS, min(OPENS + city.minutes, DAY_MINUTES)),)
    rules = Policy(calendar=Calendar(quiet=quiet, closed=()))
    place = Place(Server(name=NAME, url=url), Room(NAME, city.share))
    made = Book(
        store, directory, rules, place, lambda unit, _: Line(unit=unit, contracted=city.units.get(unit, 0)), now
    )  # fmt: skip
    await made.start()
    return made, directory, found


async def serve(address: str, port: int, pem: str, folder: str) -> None:
    """Until the standard input ends."""
    loop, told = asyncio.get_running_loop(), sys.stdin.buffer.readline
    first = await loop.run_in_executor(None, told)
    anyone, now, app, store = Anyone(), clock(), web.Application(), Store(f"sqlite:///{Path(folder) / 'lab.db'}")
    gate: Gate = anyone
    answer: Any = None
    total = 1e6 * MEGABIT
    url = f"{'https' if pem else 'http'}://{address}:{port}"
    leases: Book | None = None
    if first.strip():
        city = msgspec.json.decode(first, type=City)
        store.open()
        leases, directory, answer = await book(city, store, url, now)
        gate, total = leases, float(city.share)
        app.add_routes(LeaseApi(leases, directory, {"bandwidth"}).routes())
    speed = config.Speed(name=NAME, capacity_mbps=total / MEGABIT, share=1.0, connections=10_000)
    settings = CollectorConfig(public_url=url, speed=speed)
    app.add_routes(Speed(settings, gate, Meters(CollectorRegistry()), now=now).routes())
    runner = web.AppRunner(app, auto_decompress=False, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, address, port, ssl_context=_tls(pem), backlog=1024).start()
    _say(answer)
    ticking = asyncio.create_task(_tick(leases)) if leases else None
    while line := await loop.run_in_executor(None, told):
        asked = msgspec.json.decode(line)
        anyone.rate = asked.get("rate", anyone.rate)
        _say(time.process_time() if "cpu" in asked else None)
    if ticking:
        ticking.cancel()
    await runner.cleanup()
    store.close()


async def _tick(leases: Book) -> None:
    while True:
        await leases.tick()
        await asyncio.sleep(1)


def _tls(pem: str) -> ssl.SSLContext | None:
    if not pem:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


def _say(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    log.setup("warning")
    with tempfile.TemporaryDirectory(prefix="speed-") as here:
        uvloop.run(serve(sys.argv[1], int(sys.argv[2]), "".join(sys.argv[3:4]), here))
