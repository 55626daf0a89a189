"""Whose fault it is, against the truth: precision, recall and time to finding on made-up cities, beside the baseline
"one alert for each failing probe".

A finding is right when its segment, its subject and its network are those of a fault: nothing less, and ``also`` does
not count. Each place that is named at any minute of a play counts once; so does each fault that is found. The time to
finding is from the fault's beginning to the end of the first minute whose window names it. An alert of the baseline
names one device and one system: it is right when either is what is broken. Seeds are numbers from ``--seed`` on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, field

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, its folder is on the path instead

from benchmarks.attribution_city import (
    FLAPPING,
    MINUTES,
    NEWEST,
    PARTIAL,
    SINGLE,
    SPECIAL,
    START,
    UNITS,
    UNTOLD,
    WINDOW,
    City,
    Truth,
    city,
)
from benchmarks.table import Row, report
from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import INTERNET, Finding, Line, Observation, Topology

Kinds = tuple[str, ...]
DOUBLES: tuple[Kinds, ...] = (
    ("access", "provider"), ("provider", "destination"), ("access", "access"), ("lan", "device"), ("device", "device"),
    ("destination", "destination"), ("lan", "destination"), ("provider", "provider"), ("power", "access"),
    ("dns", "certificate"), ("partial_provider", "destination"), ("clock", "provider"),
)  # fmt: skip
POWER: tuple[Kinds, ...] = (("power",) * 4, ("power", "power", "access"), ("power", "power", "provider"))
CLASSES: dict[str, tuple[Kinds, ...]] = {
    "single": tuple((name,) for name in SINGLE),
    "special": tuple((name,) for name in SPECIAL),
    "partial": tuple((name,) for name in PARTIAL),
    "flapping": tuple((name,) for name in FLAPPING),
    "power": POWER,
    "double": DOUBLES,
    "slow": tuple((name,) for name in (*SINGLE, "dns", *PARTIAL)),
    "nothing": ((),),
    "untold": tuple((name,) for name in UNTOLD),
}
SLOW, SLOWLY = "slow", 30
"""The class in which each way is asked every so many minutes only, and its newest result counts until the next one."""
SHORT, FEW = 30, 1
"""Units of a city, and kinds of each class but SLOW, where a quick look is asked for."""
GOALS = {"single": 0.95, "special": 0.95, "double": 0.90, SLOW: 0.95, "untold": 0.95}


class Score(Struct):
    """What became of a class of plays; ``both`` are plays all of whose faults were found."""

    plays: int = 0
    faults: int = 0
    named: int = 0
    right: int = 0
    found: int = 0
    both: int = 0
    causes: int = 0
    alone: int = 0
    minutes: list[float] = field(default_factory=list)
    alerts: int = 0
    alerts_right: int = 0
    alerts_found: int = 0
    sure: list[tuple[float, bool]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        return self.right / self.named if self.named else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.faults if self.faults else 1.0


def slow(play: City) -> Iterable[list[Observation]]:
    """The newest observation of each way at the end of each minute, from the first round on."""
    kept: dict[tuple[str, str], Observation] = {}
    for minute in range(START - SLOWLY, START + SLOWLY):
        kept |= {(one.device, one.target): one for one in play.minute(minute, SLOWLY)}
        if minute >= START - 1:
            yield list(kept.values())


def windows(play: City, *, newest: bool) -> Iterable[list[Observation]]:
    """The window at the end of each minute: all observations of WINDOW, or the newest of each way in NEWEST minutes."""
    kept: list[list[Observation]] = []
    for minute in range(MINUTES):
        kept = [*kept[1 - (NEWEST if newest else WINDOW) :], list(play.minute(minute))]
        whole = [one for part in kept for one in part]
        yield (
            list({(one.device, one.target, one.check, one.ok is None): one for one in whole}.values())
            if newest
            else whole
        )


def run(score: Score, seen: Iterable[list[Observation]], play: City, first: int = 0) -> None:
    """Goes through what is `seen` of `play`, minute by minute from the `first` on, and adds what came of it."""
    truths = {fault.key: fault for fault in play.faults}
    named: dict[tuple[str, str, str], Finding] = {}
    alerts: set[tuple[str, str]] = set()
    for minute, window in enumerate(seen, first):
        alerts |= {(one.device, one.target) for one in window if not one.ok}
        began = time.perf_counter()
        findings = attribute(window, play.topology)
        score.seconds.append(time.perf_counter() - began)
        for one in findings:
            if one.key in truths and one.key not in named:
                score.minutes.append(minute - START + 1)
            named[one.key] = one
            score.sure.append((one.confidence, one.key in truths))
    _add(score, truths, named)
    _alerts(score, play.faults, alerts)


def _add(score: Score, truths: dict[tuple[str, str, str], Truth], named: dict[tuple[str, str, str], Finding]) -> None:
    found = truths.keys() & named.keys()
    score.plays += 1
    score.faults += len(truths)
    score.named += len(named)
    score.right += len(found)
    score.found += len(found)
    score.both += len(found) == len(truths)
    score.alone += named.keys() == truths.keys()
    score.causes += sum(named[key].cause is truths[key].cause for key in found)
    for key in named.keys() - truths.keys():
        score.wrong[f"{key[0]} for {'+'.join(sorted({one.segment + '/' + one.cause for one in truths.values()}))}"] += 1


def _alerts(score: Score, faults: tuple[Truth, ...], alerts: set[tuple[str, str]]) -> None:
    places = {(fault.segment, fault.subject) for fault in faults}
    hits = [
        {(Segment.DEVICE, device), (Segment.DESTINATION, target)} & places for device, target in alerts
    ]  # fmt: skip
    score.alerts += len(alerts)
    score.alerts_right += sum(bool(hit) for hit in hits)
    score.alerts_found += len(set().union(*hits)) if hits else 0


def measure(cities: int, seed: int, *, short: bool = False) -> dict[str, Score]:
    """`cities` plays of every kind of every class, or of FEW kinds in cities of SHORT units. Every other play is seen
    by its newest observations only."""
    scores = {}
    for name, kinds in CLASSES.items():
        if short and name == SLOW:
            continue
        scores[name] = Score()
        for _ in range(cities * (3 if name == "nothing" else 1)):
            for kind in kinds[:FEW] if short else kinds:
                play = city(seed, kind, units=SHORT if short else UNITS)
                if name == SLOW:
                    run(scores[name], slow(play), play, START - 1)
                else:
                    run(scores[name], windows(play, newest=bool(seed % 2)), play)
                seed += 1
    return scores


def rows(scores: dict[str, Score]) -> list[Row]:
    found = []
    for name, score in scores.items():
        goal = GOALS.get(name)
        alerts = score.alerts_right / score.alerts if score.alerts else 1.0
        found.append(_row(f"{name}: precision", "share", score.precision, alerts, 0.97 if score.faults else None))
        if not score.faults:
            found.append(
                _row(f"{name}: wrong findings a play", "", score.named / score.plays, score.alerts / score.plays)
            )
            continue
        missed = score.alerts_found / score.faults
        found.append(_row(f"{name}: recall", "share", score.recall, missed, goal))
        if name in ("double", "power"):
            found.append(_row(f"{name}: every fault found", "share of plays", score.both / score.plays, goal=goal))
        found.append(_row(f"{name}: just the faults", "share of plays", score.alone / score.plays))
        found.append(_row(f"{name}: cause right", "share of found", score.causes / max(1, score.found)))
        found.append(_row(f"{name}: alerts a play", "", score.named / score.plays, score.alerts / score.plays))
        found += _times(name, score.minutes)
    seconds = [one for score in scores.values() for one in score.seconds]
    return [*found, _row("one window, median", "s", statistics.median(seconds)), _row("the slowest", "s", max(seconds))]


def _times(name: str, minutes: list[float]) -> list[Row]:
    if not minutes:
        return []
    ordered = sorted(minutes)
    return [
        _row(f"{name}: time to finding, median", "min", statistics.median(ordered)),
        _row(f"{name}: time to finding, p95", "min", ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]),
    ]


def _row(name: str, unit: str, ours: float, peer: float | None = None, goal: float | None = None) -> Row:
    met = None if goal is None else ours >= goal
    return Row(name=name, unit=unit, ours=ours, peer=peer, peer_name="an alert a probe" * (peer is not None), goal=goal,
               met=met)  # fmt: skip


def reliability(scores: dict[str, Score]) -> list[Row]:
    """What was said with so much confidence, and how often it was right."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in (one for score in scores.values() for one in score.sure):
        bins.setdefault(min(9, int(confidence * 10)), []).append((confidence, right))
    return [
        _row(f"confidence {number / 10:.1f}–{number / 10 + 0.1:.1f}, of {len(found)}: right", "share",
             sum(right for _, right in found) / len(found))
        for number, found in sorted(bins.items())
    ]  # fmt: skip


def speed(times: int, inside: int = 50) -> list[Row]:
    """168 units × `inside` devices × 10 systems: all well, a provider down, a system down; and, on 8 systems, sixty
    lines cut of which no provider is told. The least CPU time of so many."""
    lines = {f"{unit:03d}" for unit in range(60)}
    return [
        _timed("all is well", 0.2, _large(set(), inside), times),
        _timed("a provider is down", 1.0, _large({"isp-1"}, inside), times),
        _timed("a system is down", 1.0, _large({"t3"}, inside), times),
        _timed("60 lines cut", 1.0, _large(lines, inside, told=False, systems=8), times),
    ]


def _timed(name: str, goal: float, seen: tuple[list[Observation], Topology], times: int) -> Row:
    took = min(_cpu(*seen) for _ in range(times))
    return Row(name=f"{len(seen[0]):,} observations, {name}", unit="s", ours=took, goal=goal, met=took <= goal)


def _cpu(observations: list[Observation], topology: Topology) -> float:
    began = time.process_time()
    attribute(observations, topology)
    return time.process_time() - began


def _large(
    guilty: set[str], inside: int, *, told: bool = True, systems: int = 10
) -> tuple[list[Observation], Topology]:
    units = {f"{unit:03d}-{number:02d}": f"{unit:03d}" for unit in range(168) for number in range(inside)}
    lines: dict[str, tuple[Line, ...]] = {
        f"{unit:03d}": (Line(network=INTERNET, provider=f"isp-{unit % 4}" if told else ""),) for unit in range(168)
    }
    return [
        Observation(device=device, at=0, target=f"t{target}", ok=not bad, reason="tcp_timeout" if bad else "")
        for device, unit in units.items()
        for target in range(systems)
        for bad in [not guilty.isdisjoint((f"t{target}", unit, lines[unit][0].provider))]
    ], Topology(units=units, lines=lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Attribution of faults, against the truth.")
    parser.add_argument("--short", action="store_true", help="a quick look instead of the full measurement")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--seed", type=int, default=1, help="the first city's")
    parser.add_argument("--cities", type=int, default=2, help="plays of every kind of fault")
    asked = parser.parse_args()
    scores = measure(1 if asked.short else asked.cities, asked.seed, short=asked.short)
    plays = sum(score.plays for score in scores.values())
    title = f"Attribution: {plays} cities, seeds {asked.seed} to {asked.seed + plays - 1}"
    report(
        title, [*rows(scores), *reliability(scores), *(speed(1, 10) if asked.short else speed(3))], as_json=asked.json
    )
    for name, score in scores.items():
        for what, times in score.wrong.most_common(5):
            print(f"{name}: wrongly named {times}×: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
