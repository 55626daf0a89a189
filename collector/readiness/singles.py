"""Each device by itself, on each target: the worst one decides, once enough of them are known."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from collector.readiness.judged import Judged, blank
from collector.readiness.model import Evidence, Verdict
from collector.readiness.profile import Kind, Requirement
from collector.readiness.said import Entry, Said, evidence, said, why, worst_first
from collector.readiness.scene import RANK, Scene
from collector.readiness.values import Subject, inside, subject_of

Judgement = tuple[Entry, str, Verdict]
"""An entry, the target it is of, the band it falls in."""


class Split(Struct):
    """What is known: how many are ready, the worst of these for each target, and those that are not ready."""

    ready: int
    last: list[Judgement]
    bad: list[Judgement]


def judge(line: Requirement, scene: Scene, targets: list[str], need: float, full: bool) -> Judged:
    """A known fault stands whatever others say; anything else needs enough devices of which all is known, and no
    silent one whose last word was worse."""
    subject = subject_of(line)
    columns = [_divided(said(subject, scene, line.roles, target), need) for target in targets]
    devices, expected = scene.of_roles(line.roles)
    without = _without(columns)
    expected -= without
    if not expected:
        return _not_applicable(any(not scene.is_silent(device) for device in devices))
    known = len(devices) - without - len({device.id for column in columns for _, device, _ in column.silent})
    split = _banded(line, columns)
    stale = [(entry, column.target, line.judge(entry[0])) for column in columns for entry in column.stale]
    found = _worst(line, split)
    worse = [one for one in stale if RANK[one[2]] < RANK[found.state]]
    found.low = _worst(line, Split(split.ready, split.last, split.bad + worse)).high if worse else found.high
    found.against = bool(split.bad) or any(state is not Verdict.READY for _, _, state in stale)
    found.coverage = known / expected
    found.samples = split.ready + len(split.bad)
    if found.state is not Verdict.NOT_READY and (worse or not known or known < line.coverage * expected):
        entries = [one[0] for one in worse] or [entry for column in columns for entry in column.silent]
        found.state, found.value, found.reason = Verdict.UNKNOWN, None, blank(subject, scene, entries)
    found.evidence = worst_first(_evidence(subject, scene, _shown(line, split, columns, full=full), columns), line)
    found.counts = _counts(split, columns)
    return found


def _divided(column: Said, need: float) -> Said:
    if need != 1.0:
        column.values = [value if isinstance(value, str) else value / need for value in column.values]
        column.stale = [
            (value if isinstance(value, str) else value / need, device, result)
            for value, device, result in column.stale
        ]
    return column


def _without(columns: list[Said]) -> int:
    """How many devices have none of what is asked for."""
    if len(columns) == 1:
        return len(columns[0].absent)
    absent = Counter(device.id for column in columns for device in column.absent)
    return sum(count == len(columns) for count in absent.values())


def _banded(line: Requirement, columns: list[Said]) -> Split:
    """What each of the known values comes to."""
    split = Split(0, [], [])
    for column in columns:
        values = column.values
        if not values:
            continue
        ready = inside(line.ready, values)
        split.ready += len(ready)
        if len(ready) < len(values):
            bad = column.picked({*values}.difference(ready))
            split.bad += [(entry, column.target, line.judge(entry[0])) for entry in bad]
        if ready:
            worst = min(ready) if line.higher_is_better else max(ready)
            last = min(column.picked((worst,)), key=lambda entry: entry[1].id)
            split.last.append((last, column.target, Verdict.READY))
    return split


def _key(line: Requirement, one: Judgement) -> tuple[int, float, str, str]:
    (value, device, _), target, state = one
    sign = 1.0 if line.higher_is_better else -1.0
    return RANK[state], 0.0 if isinstance(value, str) else sign * value, device.id, target


def _worst(line: Requirement, split: Split) -> Judged:
    those = split.bad or split.last
    if not those:
        return Judged(state=Verdict.UNKNOWN, reason="no_samples")
    entry, _, state = min(those, key=lambda one: _key(line, one))
    value = None if line.kind is Kind.RUNS else entry[0]
    return Judged(state=state, value=value, reason=_reason(entry, state), high=entry[0])


def _reason(entry: Entry, state: Verdict) -> str:
    """Why a run failed; of a value, that it misses its limit."""
    if state is Verdict.READY:
        return ""
    return (entry[2].reason if entry[2] else "") or "threshold"


def _not_applicable(reported: bool) -> Judged:
    """No device here has such a thing: nothing is wrong with it, once a device has said so."""
    if reported:
        return Judged(state=Verdict.READY, coverage=1.0, reason="not_applicable")
    return Judged(state=Verdict.UNKNOWN, reason="no_samples")


def _shown(line: Requirement, split: Split, columns: list[Said], *, full: bool) -> list[Judgement]:
    """What is known and not ready, and of the rest the worst."""
    if full:
        ready = (
            (entry, column.target) for column in columns for entry in column.picked(inside(line.ready, column.values))
        )
        return split.bad + [(entry, target, Verdict.READY) for entry, target in ready]
    return split.bad + sorted(split.last, key=lambda one: _key(line, one))[:1]


def _evidence(subject: Subject, scene: Scene, shown: list[Judgement], columns: list[Said]) -> list[Evidence]:
    known = [evidence(subject, scene, entry, state, _reason(entry, state), target) for entry, target, state in shown]
    return known + [
        evidence(subject, scene, entry, Verdict.UNKNOWN, why(subject, scene, entry), column.target)
        for column in columns
        for entry in column.silent
    ]


def _counts(split: Split, columns: list[Said]) -> dict[Verdict, int]:
    counts = Counter(state for _, _, state in split.bad)
    counts[Verdict.UNKNOWN] = sum(len(column.stale) + len(column.blank) for column in columns)
    counts[Verdict.READY] = split.ready
    return {state: counts[state] for state in RANK if counts[state]}
