"""All units of a city in one quiet time, on one shared line: with leases, and without.

Each unit has a namespace and a shaper of its own; behind all of them is one cable of 1 Gbit/s to the server. With
leases, each unit's agent asks ``POST /v1/leases`` as the schedule does, waits for as long as it is told, and runs the
whole check. What the cable carries is read from its interface every 100 ms.

Time is shorter than in life in two places, neither in its favour: the quiet time lasts twelve minutes instead of two
hours, and a test at most 5 s each way instead of 10 (an early stop takes three). Nothing is sped up: a second is
a second, and what agents are told to wait they wait. PCs share two cores here, so that what looks at the interface
runs in this process; the test itself runs in a child, as on a PC.

Without leases, each unit measures at a moment of its own within a minute: a timer at the beginning of the quiet time,
with the spread that such timers have. There it is iperf3 that does, for 4 s each way, the first left out: with that
many clients in Python at once, two cores would be the bottleneck, not the cable.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from agent.http import Client
from agent.leases import Leases
from benchmarks.accuracy_lab import answers, end
from benchmarks.bandwidth_lab import PORT, WAYS, peer, serving
from benchmarks.bandwidth_server import City
from benchmarks.shaper import Watch, plain, shape, truth
from benchmarks.table import Row
from checks.bandwidth import CHECK, THROUGHPUT
from checks.kit import child
from checks.kit.clock import SystemClock
from checks.kit.host import Host
from checks.kit.leasing import Asked, Postponed
from checks.kit.model import Env, Outcome, decode_params
from checks.kit.net import Net
from tests.collector.pushing import Signer
from tests.lab.namespaces import Namespace, join, namespace

SERVER, CORE = "198.51.100.10", "198.51.100.1"
URL = f"http://{SERVER}:{PORT}"
CABLE, CAPACITY, SHARE = "cable", 1e9, 0.5
CONTRACTS = (10, 20, 30, 50, 80, 100)
"""Mbit/s, by turns."""
NEAR = 5.0
"""Goal: % by which an estimate may be off."""
FIRST, SPREAD = 20.0, 60.0
"""Seconds over which PCs first ask for a lease, and over which they measure without."""
PARAMS: dict[str, Any] = {"seconds": 5.0, "look": 0.2}
SHORT: dict[str, Any] = {"seconds": 1.5, "least": 1.5, "look": 0.0}


class Unit(Struct, frozen=True):
    """One unit: its namespace, and what its shaper allows (bit/s each way)."""

    number: int
    code: str
    space: Namespace
    rate: float


class Done(Struct, frozen=True):
    """What became of a unit's test: bit/s by direction, empty when there was none; seconds since the quiet time began;
    what went wrong, and what the check itself says against its figures."""

    unit: Unit
    speeds: dict[str, float]
    at: float
    why: str = ""
    doubts: str = ""

    @property
    def off(self) -> list[float]:
        """By how many % each direction is off what the shaper allows."""
        real = truth(self.unit.rate)
        return [100 * abs(speed - real) / real for speed in self.speeds.values()]


class Day(Struct, frozen=True):
    """What became of all units, and what the cable carried: bit/s towards and from the units, every 100 ms."""

    units: list[Done]
    down: list[float]
    up: list[float]

    @property
    def measured(self) -> int:
        return sum(len(one.speeds) == len(WAYS) for one in self.units)

    @property
    def off(self) -> list[float]:
        return [off for one in self.units for off in one.off]

    @property
    def most(self) -> dict[str, float]:
        return {"download": max(self.down), "upload": max(self.up)}


class Town(Struct, frozen=True):
    """The units, and where the server stands."""

    units: list[Unit]
    server: Namespace


def offset(code: str, most: float) -> float:
    """A moment of the unit's own between 0 and `most` seconds."""
    digest = hashlib.blake2b(code.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * most


@contextlib.contextmanager
def town(count: int) -> Iterator[Town]:
    """So many units behind one cable, gone at the end."""
    with contextlib.ExitStack() as made:
        server, core = (made.enter_context(namespace(role)) for role in ("server", "core"))
        core.sysctl("net.ipv4.ip_forward", 1)
        join(server, CABLE, core, CABLE)
        _address(server, CABLE, SERVER, CORE)
        _address(core, CABLE, CORE, SERVER)
        for space in (server, core):
            plain(space, CABLE)
            shape(space, CABLE, CAPACITY)
        units = [
            _unit(made.enter_context(namespace(f"u{number}")), core, number) for number in range(1, count + 1)
        ]  # fmt: skip
        server.ip("route", "add", "default", "via", CORE)
        yield Town(units, server)


def _unit(space: Namespace, core: Namespace, number: int) -> Unit:
    own, other = f"100.64.{number}.2", f"100.64.{number}.1"
    rate = CONTRACTS[number % len(CONTRACTS)] * 1e6
    join(space, "line", core, f"u{number}")
    _address(space, "line", own, other)
    _address(core, f"u{number}", other, own)
    plain(space, "line")
    shape(space, "line", rate)
    shape(core, f"u{number}", rate)
    space.ip("route", "add", "default", "via", other)
    space.sysctl("net.ipv4.tcp_congestion_control", "reno")
    return Unit(number, f"{26_000 + number}", space, rate)


def _address(space: Namespace, interface: str, own: str, other: str) -> None:
    space.ip("addr", "add", f"{own}/32", "peer", f"{other}/32", "dev", interface)


class Near:
    """Runs in this process what looks at the interface, and in a child what loads the line."""

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **more: Any) -> Any:
        if function.endswith(":look"):
            return child.within(function, argument, answer=answer, timeout=timeout)
        return child.call(function, argument, answer=answer, timeout=timeout, **more)


def leased(unit: Unit, device: str, asked: Asked) -> Any:
    """The leases of the unit's agent."""

    def connect(timeout: float) -> Client:
        return Client(URL, timeout=timeout)

    return Leases(connect, device, Signer(unit.number), SystemClock(), address=URL, asked=asked).of(("bandwidth", ""))


def tested(unit: Unit, leases: Any, params: dict[str, Any], began: float, until: float) -> Done:
    """The unit's test, again and again for as long as it is put off, in its namespace."""
    why = ""
    while time.monotonic() < until:
        now = time.monotonic
        env = Env(
            clock=SystemClock(), net=Net(), host=Host(), child=Near(), deadline=now() + CHECK.timeout, now=now,
            leases=leases,
        )  # fmt: skip
        try:
            reading = CHECK.run(decode_params(CHECK, params), env)
        except Postponed as later:
            why = f"{later.reason} {later.detail}"
            time.sleep(max(0.0, min(later.seconds, until - now())))
            continue
        found = {one.labels["direction"]: 8 * one.value for one in reading.samples if one.name == THROUGHPUT.name}
        well = reading.outcome is Outcome.OK
        doubts = f"limited by {reading.facts.get('limited_by')}, disturbed by {reading.facts.get('disturbed')}"
        why = "" if well else f"{reading.reason} {reading.detail}"
        return Done(unit, found if well else {}, now() - began, why, doubts)
    return Done(unit, {}, time.monotonic() - began, why or "the quiet time was over")


def day(here: Town, measure: Callable[[Unit, float], Done], spread: float) -> Day:
    """What `measure` makes of each unit, begun within `spread` seconds; it is told when the day began."""
    found: list[Done] = []
    began = time.monotonic()

    def live(unit: Unit) -> None:
        time.sleep(offset(unit.code, spread))
        found.append(measure(unit, began))

    threads = [threading.Thread(target=live, args=(unit,)) for unit in here.units]
    with Watch(here.server, CABLE) as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for one in found:
        if one.why or within(one.off) < 1:
            off = ", ".join(f"{each:.1f} %" for each in one.off)
            print(f"unit {one.unit.code} after {one.at:.0f} s: off {off}; {one.why or one.doubts}", file=sys.stderr)
    return Day(found, [out for _, out, _ in watch.seen], [inward for _, _, inward in watch.seen])


def with_leases(here: Town, *, short: bool, minutes: int = 12) -> Day:
    """In short, they ask as technicians do, who need not wait for their turn."""
    city = City(units={one.code: int(one.rate) for one in here.units}, share=int(CAPACITY * SHARE), minutes=minutes)
    server, answer = serving(here.server, SERVER, msgspec.json.encode(city) + b"\n")
    devices = msgspec.json.decode(answer, type=dict[str, str])
    asked: Asked = "technician" if short else "schedule"

    def measure(unit: Unit, began: float) -> Done:
        leases = leased(unit, devices[unit.code], asked)
        until = began + minutes * 60.0
        return unit.space.call(lambda: tested(unit, leases, SHORT if short else PARAMS, began, until))

    try:
        return day(here, measure, 0.0 if short else FIRST)
    finally:
        end(server)


def without(here: Town, *, short: bool) -> Day:
    """iperf3 with a server for each unit."""
    seconds = "1" if short else "3"

    def measure(unit: Unit, began: float) -> Done:
        found: dict[str, float] = {}
        for way, direction in zip(WAYS, (("-R",), ()), strict=True):
            asked = ("-c", SERVER, "-p", str(PORT + unit.number), "-t", seconds, "-O", "1", "-J", *direction)
            with contextlib.suppress(SystemExit, ValueError):  # a unit that gets no speed is not measured
                found[way] = peer(json.loads(unit.space.run("iperf3", *asked, check=False).stdout)).rate
        return Done(unit, found, time.monotonic() - began)

    with contextlib.ExitStack() as running:
        for unit in here.units:
            command = ("iperf3", "-s", "-p", str(PORT + unit.number))
            running.callback(end, here.server.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        answers(here.server, SERVER, PORT + here.units[-1].number)
        return day(here, measure, 0.0 if short else SPREAD)


def told(ours: Day, other: Day) -> Iterator[Row]:
    """Rows of both."""
    share, count = CAPACITY * SHARE / 1e6, len(ours.units)
    other_name = "no leases"
    for way in WAYS:
        most, others = ours.most[way] / 1e6, other.most[way] / 1e6
        yield Row(name=f"{count} units: {way}s together, most in 100 ms", unit="Mbit/s", ours=most, peer=others,
                  peer_name=other_name, goal=share, met=most <= share)  # fmt: skip
    yield Row(name="  units measured in the quiet time", unit="", ours=ours.measured, peer=other.measured,
              peer_name=other_name, goal=count, met=ours.measured == count)  # fmt: skip
    near, others_near = (100 * within(one.off) for one in (ours, other))
    yield Row(name=f"  estimates within {NEAR:g} % of the unit's shaper", unit="%", ours=near, peer=others_near,
              peer_name=other_name, goal=100.0, met=near == 100.0)  # fmt: skip
    for name, pick in (("median", statistics.median), ("worst", max)):
        mine, theirs = (pick(one.off) if one.off else 100.0 for one in (ours, other))
        yield Row(name=f"  off the unit's shaper, {name}", unit="%", ours=mine, peer=theirs, peer_name=other_name)
    last, others_last = (max(one.at for one in each.units) for each in (ours, other))
    yield Row(name="  the last is done after", unit="s", ours=last, peer=others_last, peer_name=other_name)


def within(off: Sequence[float]) -> float:
    """The part of `off` that is NEAR or less; 0 of none."""
    return sum(one <= NEAR for one in off) / len(off) if off else 0.0


def rows(*, short: bool) -> Iterator[Row]:
    """168 units, or four who ask at once, as technicians do."""
    with town(4 if short else 168) as here:
        mine = with_leases(here, short=short)
        yield from told(mine, without(here, short=short))
