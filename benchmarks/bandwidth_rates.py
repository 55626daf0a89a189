"""One test on one line: how near its speed is to iperf3's on the same line, its cost, and what stopping early does.

iperf3 sends one stream by turns with us, its first second left out; both are counted by the receiver. What is told as
apart is the part by which the medians differ. CPU is per gigabit of payload: of the client while it loads the line, of
the server for as long as the client's process lives. Under TLS the lines are the same, and iperf3 still without.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from benchmarks import bandwidth_lab as lab
from benchmarks import chain
from benchmarks.bandwidth_lab import WAYS, Bench, Run
from benchmarks.shaper import FAR, truth
from benchmarks.table import Row

NEAR, EARLY, BYTES = 3.0, 5.0, 40.0
"""Goals in %: apart from iperf3; early from full; bytes of an early test, of those of a full one."""
MEGABIT, MEGABYTE = 1e6, 1e6


class Case(Struct, frozen=True):
    """A line of ``rate`` bit/s that gives ``boost`` times as much for the first ``burst`` bytes. ``secure``: our test
    runs over wss, with a certificate on a curve as agents meet it; iperf3 has no TLS."""

    rate: float
    burst: float = 0.0
    boost: float = 0.0
    secure: bool = False

    @property
    def name(self) -> str:
        over = ", TLS" if self.secure else ""
        first = f", first {self.burst / MEGABYTE:g} MB at {self.boost:g} times" if self.burst else ""
        return f"{self.rate / MEGABIT:,.0f} Mbit/s{over}{first}"


class Seen(Struct):
    """The runs of one case and one direction; ``full`` are those that did not stop early."""

    ours: list[Run] = field(default_factory=list)
    peer: list[Run] = field(default_factory=list)
    full: list[Run] = field(default_factory=list)


class Effort(Struct, frozen=True, kw_only=True):
    """``rounds`` by turns, each ``every``-th with a full test; what our tests are told, and iperf3's seconds."""

    rounds: int = 7
    every: int = 3
    seconds: float = 3.0
    ways: tuple[str, ...] = WAYS
    plan: dict[str, Any] = {}
    full: dict[str, Any] = field(default_factory=lambda: {"early": False})


PLAIN = tuple(Case(rate * MEGABIT) for rate in (10.0, 50.0, 200.0, 1000.0))
SECURE = tuple(Case(rate * MEGABIT, secure=True) for rate in (200.0, 1000.0))
"""What TLS costs: where a PC's line is, and where the server's is."""
BOOSTED = Case(50 * MEGABIT, 5 * MEGABYTE, 2.0)
_BRIEF = {"seconds": 1.6, "grid": 0.1, "pause": 0.01}
SHORT = Effort(
    rounds=1, every=1, seconds=1.0, ways=WAYS[:1], plan=_BRIEF | {"least": 0.8}, full=_BRIEF | {"early": False}
)


def measured(bench: Bench, case: Case, effort: Effort) -> dict[str, Seen]:
    """Both directions, by turns, so that noise meets everyone."""
    found = {direction: Seen() for direction in effort.ways}
    bench.set(case.rate, burst=case.burst, boost=case.boost)
    for number in range(effort.rounds):
        for direction, seen in found.items():
            seen.ours.append(bench.ours(direction, case.rate, **effort.plan))
            if not case.burst:
                seen.peer.append(bench.iperf3(direction, effort.seconds))
            if number % effort.every == 0:
                seen.full.append(bench.ours(direction, case.rate, **effort.full))
    return found


def apart(one: float, other: float) -> float:
    """By how many % of `other` they differ."""
    return 100 * abs(one - other) / other


def middle(runs: Sequence[Run]) -> float:
    return statistics.median(run.rate for run in runs)


def speeds(case: Case, direction: str, seen: Seen) -> Iterator[Row]:
    """Of a plain case: the speed, how far apart, and CPU."""
    ours, peer = middle(seen.ours), middle(seen.peer)
    off, line = apart(ours, peer), truth(case.rate)
    yield Row(name=f"{case.name} {direction}", unit="Mbit/s", ours=ours / MEGABIT, peer=peer / MEGABIT,
              peer_name="iperf3")  # fmt: skip
    yield Row(name="  apart from iperf3", unit="%", ours=off, goal=NEAR, met=off <= NEAR)
    yield Row(name="  apart from the shaper", unit="%", ours=apart(ours, line), peer=apart(peer, line),
              peer_name="iperf3")  # fmt: skip
    for who in ("client", "server"):
        costs = [statistics.median(one.per_gigabit(getattr(one, who)) for one in runs)
                 for runs in (seen.full or seen.ours, seen.peer)]  # fmt: skip
        yield Row(name=f"  CPU of the {who}", unit="s/Gbit", ours=costs[0], peer=costs[1], peer_name="iperf3")


def early(pairs: Sequence[tuple[str, Seen]]) -> Iterator[Row]:
    """How far tests that may stop early are from the median of those that may not, and their bytes of theirs."""
    errors, shares = [], []
    for name, seen in pairs:
        full, whole = middle(seen.full), statistics.median(run.used for run in seen.full)
        off = [apart(run.rate, full) for run in seen.ours]
        part = [100 * run.used / whole for run in seen.ours]
        errors += off
        shares += part
        stopped = sum(run.stopped == "stable" for run in seen.ours)
        yield Row(name=f"early, {name}: {stopped} of {len(off)} stopped, apart", unit="%", ours=statistics.median(off))
        yield Row(name="  bytes of a full test", unit="%", ours=statistics.median(part))
    for what, values, goal in (("apart from a full test", errors, EARLY), ("bytes of a full test", shares, BYTES)):
        value = statistics.median(values)
        yield Row(name=f"early, all {len(values)}: {what}, median", unit="%", ours=value, goal=goal, met=value <= goal)
    yield Row(name="early: worst of all, apart", unit="%", ours=max(errors))


def rows(*, short: bool) -> Iterator[Row]:
    """Every row; the boosted line is one where a test that stops early could be wrong."""
    effort = SHORT if short else Effort()
    pairs: list[tuple[str, Seen]] = []
    with lab.bench() as here:
        for case in (PLAIN[1],) if short else (*PLAIN, BOOSTED):
            found = measured(here, case, effort)
            pairs += [(f"{case.name} {direction}", seen) for direction, seen in found.items()]
            if not case.burst:
                for direction, seen in found.items():
                    yield from speeds(case, direction, seen)
    with tempfile.TemporaryDirectory() as folder:
        made = chain.make(Path(folder), [FAR])
        with lab.bench(made.server, made.root) as here:
            for case in SECURE[:1] if short else SECURE:
                for direction, seen in measured(here, case, effort).items():
                    yield from speeds(case, direction, seen)
    yield from early(pairs)
