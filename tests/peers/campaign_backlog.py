"""Three days of a city come late: pushed to the real collector, sent on to Prometheus and VictoriaMetrics, compared.

``python -m tests.peers.campaign_backlog [--units 168] [--devices 5] [--every 300]``. Exit code 1 when a point is
missing, has another time or value, or is there and should not be.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from math import isclose
from pathlib import Path

from msgspec import Struct

from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import CONTENT_TYPE
from collector.config import SHIPPED
from collector.store.engine import Store
from collector.store.outbound import waiting
from tests.collector.pushing import DAY, Sender, enrolled, wall
from tests.faults.nursery import Nursery
from tests.faults.proxy import ask
from tests.faults.records import target_of
from tests.faults.rig import Rig, rig, wait_until
from tests.peers.receivers import Labels, Points, Receiver, prometheus, victoria

DAYS = 3
BATCH = 200
DIGITS = 1e-14
"""VictoriaMetrics keeps 15 decimal digits of a value."""
TARGETS = 2
BLOCK = """\
  - name: {name}
    url: {url}
    {more}
"""
SERIES = {"connectivity_up": "sansang_connectivity_up", "connectivity_phase": "sansang_connectivity_phase_seconds"}
OUTCOMES = ("ok", "failed", "not_applicable", "error")


class Device(Struct):
    """A device of `unit` and what it measured."""

    unit: str
    sender: Sender
    results: list[Result] = []


def units(count: int) -> list[str]:
    """The first `count` wards of Ho Chi Minh City."""
    with (SHIPPED / "units.csv").open(encoding="utf-8", newline="") as file:
        found = [row["code"] for row in csv.DictReader(file) if row["province_code"] == "79"]
    return found[:count]


def city(store: Store, wards: Sequence[str], devices: int) -> list[Device]:
    """Enrolled devices."""
    return [
        Device(ward, enrolled(store, Sender(key=1 + index * devices + number), ward))
        for index, ward in enumerate(wards)
        for number in range(devices)
    ]


def measure(device: Device, every: int, now: int, phase: int = 0) -> None:
    """Three days of results, one each `every` seconds of each of two systems, some of them failures."""
    for number in range(DAYS * 86_400 // every):
        at = now - DAYS * DAY + (number * every + phase % every) * 1_000_000 + phase
        for target in range(TARGETS):
            bad = (number + target + phase) % 17 == 0
            samples: tuple[Sample, ...] = (Sample("connectivity_up", 0.0 if bad else 1.0),)
            if not bad:
                samples += (Sample("connectivity_phase", 0.001 * (number % 50) + 0.0001, {"phase": "tcp"}),)
            changes = {"outcome": Outcome.FAILED, "reason": "tcp_timeout"} if bad else {}
            told = device.sender.result(at + target * 1000, target=target_of(target), samples=samples, **changes)
            device.results.append(told)


def push(collector: Rig, device: Device, results: Sequence[Result]) -> None:
    """In batches over HTTP, signed, the newest first as an agent does."""
    for first in reversed(range(0, len(results), BATCH)):
        sealed = device.sender.sealed(*results[first : first + BATCH])
        headers = f"Host: x\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(sealed)}"
        reply = ask(collector.port, f"POST /v1/results HTTP/1.1\r\n{headers}\r\n\r\n".encode() + sealed)
        assert reply.startswith(b"HTTP/1.1 200"), reply


def expected(device: Device, added: dict[str, str]) -> Points:
    """What a receiver must hold of the device, told from its results alone."""
    found: Points = {}
    for result in device.results:
        own = {"unit": device.unit, "device": device.sender.device, "check": result.check, "target": result.target}
        told = [("sansang_check_outcome", {"outcome": each}, float(result.outcome == each)) for each in OUTCOMES]
        told.append(("sansang_check_timestamp_seconds", {}, result.at / 1e6))
        if result.reason:
            told.append(("sansang_check_reason", {"reason": result.reason}, 1.0))
        told += [(SERIES[one.name], dict(one.labels), one.value) for one in result.samples]
        for name, labels, value in told:
            key = frozenset({**own, **labels, **added, "__name__": name}.items())
            found.setdefault(key, {})[result.at // 1000] = value
    return found


class Difference(Struct):
    """Points that are missing, have another value, and that nobody sent, of `points` in all."""

    points: int = 0
    missing: int = 0
    changed: int = 0
    foreign: int = 0
    first: str = ""

    @property
    def wrong(self) -> int:
        return self.missing + self.changed + self.foreign

    def compare(self, wanted: Points, held: Points, since: int) -> None:
        """`held` may have more from `since` (ms) on: what was scraped then."""
        for labels, points in wanted.items():
            there = held.get(labels, {})
            self.points += len(points)
            self.missing += len(points.keys() - there.keys())
            wrong = [
                at for at, value in points.items() if at in there and not isclose(there[at], value, rel_tol=DIGITS)
            ]
            self.changed += len(wrong)
            if not self.first and (wrong or points.keys() - there.keys()):
                self.first = f"{sorted(labels)}: {sorted(points.items())[:3]} … {sorted(there.items())[:3]}"
        for labels, points in held.items():
            self._foreign(labels, [at for at in points if at < since and at not in wanted.get(labels, {})])

    def _foreign(self, labels: Labels, times: list[int]) -> None:
        self.foreign += len(times)
        if times and not self.first:
            self.first = f"{sorted(labels)} at {times[:3]}"


class Backlog(Struct):
    """The parts of one run."""

    collector: Rig
    receivers: list[Receiver]
    devices: list[Device]
    started: int = 0

    def start(self, **more: str) -> None:
        """Starts the collector with `more` in the block of each receiver by name."""
        self.started = wall() // 1000
        said = self.collector.config.read_text("utf-8")
        if "remote_write" not in said:
            blocks = "".join(
                BLOCK.format(name=one.name, url=one.url, more=more.get(one.name, "send: late"))
                for one in self.receivers
            )
            self.collector.config.write_text(said + "remote_write:\n" + blocks, "utf-8")
        self.collector.start()

    def drained(self, seconds: float = 60.0) -> None:
        """Waits until nothing waits."""

        def empty() -> bool:
            store = Store(self.collector.database)
            try:
                with store.reader() as connection:
                    return not waiting(connection)
            finally:
                store.close()

        wait_until(empty, "the queue is not sent", self.collector.log, seconds)

    def differences(self, added: dict[str, dict[str, str]]) -> dict[str, Difference]:
        """What each receiver holds against what was measured; `added` are its endpoint's labels."""
        found = {one.name: Difference() for one in self.receivers}
        for device in self.devices:
            for one in self.receivers:
                labels = added.get(one.name, {})
                names = (
                    "sansang_check_outcome|sansang_check_timestamp_seconds|sansang_check_reason|sansang_connectivity.*"
                )
                held = one.points(f'{{__name__=~"{names}",device="{device.sender.device}"}}')
                found[one.name].compare(expected(device, labels), held, self.started)
        return found


@contextlib.contextmanager
def backlog(
    folder: Path, wards: Sequence[str], devices: int, *, window: str = "7d", nursery: Nursery | None = None
) -> Iterator[Backlog]:
    """Receivers (of Prometheus the out-of-order `window`), a collector that is not started yet, enrolled devices."""
    with (
        rig(folder, nursery, sweep=1.0, targets=TARGETS) as collector,
        prometheus(folder / "prometheus", scrape=collector.port, window=window) as first,
        victoria(folder / "victoria") as second,
    ):
        store = Store(collector.database)
        store.open()
        found = city(store, wards, devices)
        store.close()
        yield Backlog(collector, [first, second], found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=168)
    parser.add_argument("--devices", type=int, default=5)
    parser.add_argument("--every", type=int, default=300, help="seconds between two results of a system")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sansang-backlog-") as folder,
        backlog(Path(folder), units(options.units), options.devices) as run,
    ):
        run.start()
        began = time.monotonic()
        for number, device in enumerate(run.devices):
            measure(device, options.every, wall(), number)
            push(run.collector, device, device.results)
        pushed = time.monotonic() - began
        run.drained(36_000)
        sent = time.monotonic() - began
        found = run.differences({})
        size = Path(folder, "collector", "sansang.db").stat().st_size
    for name, difference in found.items():
        print(
            f"{name}: {difference.points} points, {difference.missing} missing, {difference.changed} changed, "
            f"{difference.foreign} foreign {difference.first}"
        )
    print(f"pushed in {pushed:.1f} s, all sent after {sent:.1f} s, database {size / 1e6:.1f} MB")
    return 1 if any(difference.wrong for difference in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
