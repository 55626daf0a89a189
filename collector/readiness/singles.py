"""Each device by itself, on each target: the worst one decides, once enough of them are known."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from collector.readiness.interval import judged
from collector.readiness.judged import Judged, blank
from collector.readiness.model import Evidence, Verdict
from collector.readiness.profile import Kind, Requirement
from collector.readiness.said import Entry, Said, evidence, said, why, worst_first
from collector.readiness.scene import RANK, Scene
from collector.readiness.values import Subject, all_inside, inside, outside, subject_of

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
    columns = [said(subject, scene, line.roles, target) for target in targets]
    if need != 1.0:
        columns = [_divided(column, need) for column in columns]
    devices, expected = scene.of_roles(line.roles)
    without = _without(columns)
    expected -= without
    if not expected:
        return _not_applicable(any(not scene.is_silent(device) for device in devices))
    known = len(devices) - without - _unknown(columns)
    split = _banded(line, columns)
    stale = [(entry, column.target, judged(line, entry[0])) for column in columns for entry in column.stale]
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
    column.values = [value if isinstance(value, str) else value / need for value in column.values]
    column.stale = [
        (value if isinstance(value, str) else value / need, device, result) for value, device, result in column.stale
    ]
    return column


def _without(columns: list[Said]) -> int:
    """How many devices have none of what is asked for."""
    if len(columns) == 1:
        return len(columns[0].absent)
    if not any(column.absent for column in columns):
        return 0
    absent = Counter([device.id for column in columns for device in column.absent])
    return sum([count == len(columns) for count in absent.values()])


def _unknown(columns: list[Said]) -> int:
    """Of how many devices not all is known."""
    if len(columns) == 1:
        return columns[0].unknown
    found = {device.id for column in columns for _, device, _ in column.stale + column.blank}
    found.update([device.id for column in columns for device in column.never])
    return len(found)


def _banded(line: Requirement, columns: list[Said]) -> Split:
    """What each of the known values comes to."""
    split = Split(0, [], [])
    for column in columns:
        values = column.values
        if not values:
            continue
        ready = values
        if not all_inside(line.ready, values):
            ready = inside(line.ready, values)
            bad = column.at(outside(line.ready, values))
            split.bad += [(entry, column.target, judged(line, entry[0])) for entry in bad]
        split.ready += len(ready)
        if ready:
            worst = min(ready) if line.higher_is_better else max(ready)
            place = values.index(worst)  # the first by id of those that say so
            split.last.append(((values[place], column.devices[place], column.results[place]), column.target, _READY))
    return split


_READY = Verdict.READY


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
        return split.bad + [
            (entry, column.target, Verdict.READY)
            for column in columns
            for entry in column.known
            if line.ready.holds(entry[0])
        ]
    last = split.last if len(split.last) < 2 else [min(split.last, key=lambda one: _key(line, one))]
    return split.bad + last


def _evidence(subject: Subject, scene: Scene, shown: list[Judgement], columns: list[Said]) -> list[Evidence]:
    known = [evidence(subject, scene, entry, state, _reason(entry, state), target) for entry, target, state in shown]
    return known + [
        evidence(subject, scene, entry, Verdict.UNKNOWN, why(subject, scene, entry), column.target)
        for column in columns
        for entry in column.silent
    ]


def _counts(split: Split, columns: list[Said]) -> dict[Verdict, int]:
    counts = Counter([state for _, _, state in split.bad])
    counts[Verdict.UNKNOWN] = sum([column.unknown for column in columns])
    counts[Verdict.READY] = split.ready
    return {state: counts[state] for state in RANK if counts[state]}
