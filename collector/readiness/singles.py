"""Each device by itself, on each target: the worst one decides, once enough of them are known."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from collector.readiness.interval import judged
from collector.readiness.judged import Judged, blank
from collector.readiness.model import Evidence, Verdict
from collector.readiness.profile import Kind, Requirement
from collector.readiness.said import Entry, Said, evidence, said, said_of_several, why, worst_first
from collector.readiness.scene import RANK, Scene
from collector.readiness.values import Subject, outside

Judgement = tuple[Entry, Verdict]
"""An entry, and the band it falls in."""


class Split(Struct):
    """What is known: how many are ready, the worst of these, and those that are not ready."""

    ready: int
    last: Entry | None
    bad: list[Judgement]


def judge(line: Requirement, scene: Scene, targets: list[str], need: float, full: bool) -> Judged:
    """A known fault stands whatever others say; anything else needs enough devices of which all is known, and no
    silent one whose last word was worse. Where none is needed (``coverage: 0``), what is known tells."""
    subject = scene.plan.subject(line)
    if len(targets) == 1:
        column = said(subject, scene, line.roles, targets[0])
    else:
        column = said_of_several(subject, scene, line.roles, targets)
    if need != 1.0:
        column = _divided(column, need)
    devices, expected = scene.of_roles(line.roles)
    without = _without(column, len(targets))
    expected -= without
    if not expected:
        return _not_applicable(any(not scene.is_silent(device) for device in devices))
    known = len(devices) - without - _unknown(column)
    split = _banded(line, column)
    found = _worst(line, column, split.bad or _last(split))
    stale = [(entry, judged(line, entry[0])) for entry in column.stale]
    worse = [one for one in stale if RANK[one[1]] < RANK[found.state]]
    found.low = _worst(line, column, (split.bad or _last(split)) + worse).high if worse else found.high
    found.against = bool(split.bad) or any(state is not Verdict.READY for _, state in stale)
    found.coverage = known / expected
    found.samples = split.ready + len(split.bad)
    enough = known >= line.coverage * expected and bool(known or (not line.coverage and found.samples))
    if found.state is not Verdict.NOT_READY and (worse or not enough):
        found.state, found.value = Verdict.UNKNOWN, None
        found.reason = blank(subject, scene, [one[0] for one in worse] or column.silent)
    found.evidence = worst_first(_evidence(subject, scene, _shown(line, split, column, full=full), column), line)
    found.counts = _counts(split, column)
    return found


def _divided(column: Said, need: float) -> Said:
    column.values = [value if isinstance(value, str) else value / need for value in column.values]
    column.stale = [
        (value if isinstance(value, str) else value / need, device, result) for value, device, result in column.stale
    ]
    return column


def _without(column: Said, targets: int) -> int:
    """How many devices have none of what is asked for."""
    if targets == 1 or not column.absent:
        return len(column.absent)
    absent = Counter([device.id for device in column.absent])
    return sum([count == targets for count in absent.values()])


def _unknown(column: Said) -> int:
    """Of how many devices not all is known."""
    if not column.several:
        return column.unknown
    found = {device.id for several in (column.stale, column.blank) for _, device, _ in several}
    found.update([device.id for device in column.never])
    return len(found)


def _banded(line: Requirement, column: Said) -> Split:
    """What each of the known values comes to."""
    values = column.values
    if not values:
        return Split(0, None, [])
    worst = min(values) if line.higher_is_better else max(values)
    if line.ready.op == "==":
        if values.count(line.ready.limit) == len(values):
            return Split(len(values), _first(column, worst), [])
    elif judged(line, worst) is _READY:
        return Split(len(values), _first(column, worst), [])
    places = outside(line.ready, values)
    bad = [(entry, judged(line, entry[0])) for entry in column.at(places)]
    rest = list(values)
    for place in reversed(places):
        del rest[place]
    last = _first(column, min(rest) if line.higher_is_better else max(rest)) if rest else None
    return Split(len(rest), last, bad)


_READY = Verdict.READY


def _first(column: Said, worst: float | str) -> Entry:
    """The first by id, and by target, of those that say so."""
    values = column.values
    place = values.index(worst)
    if column.several and values.count(worst) > 1:
        ties = [number for number, value in enumerate(values) if value == worst]
        place = min(ties, key=lambda number: (column.entry(number)[1].id, number))
    return column.entry(place)


def _last(split: Split) -> list[Judgement]:
    return [(split.last, _READY)] if split.last else []


def _worst(line: Requirement, column: Said, those: list[Judgement]) -> Judged:
    if not those:
        return Judged(state=Verdict.UNKNOWN, reason="no_samples")
    sign = 1.0 if line.higher_is_better else -1.0

    def key(one: Judgement) -> tuple[int, float, str, str]:
        value = one[0][0]
        return RANK[one[1]], 0.0 if isinstance(value, str) else sign * value, one[0][1].id, column.target_of(one[0])

    entry, state = min(those, key=key) if len(those) > 1 else those[0]
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


def _shown(line: Requirement, split: Split, column: Said, *, full: bool) -> list[Judgement]:
    """What is known and not ready, and of the rest the worst."""
    if full:
        return split.bad + [(entry, _READY) for entry in column.known if line.ready.holds(entry[0])]
    return split.bad + _last(split)


def _evidence(subject: Subject, scene: Scene, shown: list[Judgement], column: Said) -> list[Evidence]:
    """Of those shown, and of everyone that does not count."""
    found = [
        evidence(subject, scene, entry, state, _reason(entry, state), column.target_of(entry)) for entry, state in shown
    ]
    found += [
        evidence(subject, scene, entry, Verdict.UNKNOWN, why(subject, scene, entry), column.target_of(entry))
        for several in (column.stale, column.blank)
        for entry in several
    ]
    asks = column.asks or [column.target] * len(column.never)
    for device, target in zip(column.never, asks, strict=True):
        entry = (None, device, None)
        found.append(evidence(subject, scene, entry, Verdict.UNKNOWN, why(subject, scene, entry), target))
    return found


def _counts(split: Split, column: Said) -> dict[Verdict, int]:
    counts = dict.fromkeys(RANK, 0)
    counts[Verdict.UNKNOWN], counts[_READY] = column.unknown, split.ready
    for _, state in split.bad:
        counts[state] += 1
    return {state: count for state, count in counts.items() if count}
