"""Devices together, of the unit or of each role: shares, counts and quantiles of what they said last."""

from __future__ import annotations

from collections import Counter

from collector.readiness import interval
from collector.readiness.interval import Interval, Shares, judged
from collector.readiness.judged import Judged, Row, blank, joined, most_common, whole
from collector.readiness.model import Evidence, Verdict
from collector.readiness.profile import QUANTILES, Kind, Requirement
from collector.readiness.said import Entry, Said, Value, evidence, said, why, worst_first
from collector.readiness.scene import RANK, Scene
from collector.readiness.values import Subject, inside, outside


def judge(line: Requirement, scene: Scene, targets: list[str], need: float, full: bool) -> Judged:
    """The worst of the targets, and of the roles where each is judged by itself, is the state."""
    subject = scene.plan.subject(line)
    rows: list[Row] = []
    singles: list[Evidence] = []
    unheard: dict[tuple[str, int, bool, bool], Row] = {}
    counts: Counter[Verdict] = Counter()
    for role in _roles(line, scene):
        for target in targets:
            column = said(subject, scene, (role,) if role else line.roles, target)
            column.role = role
            if role and not column.expected:
                continue
            if not (column.values or column.stale or column.blank):
                key = role, column.expected, bool(column.never), bool(column.absent)
                if key not in unheard:
                    unheard[key] = _row(line, subject, scene, column, need)
                rows.append(_of(unheard[key], target))
                if not full:
                    counts[Verdict.UNKNOWN] += len(column.never)
                    continue
            else:
                rows.append(_row(line, subject, scene, column, need))
            singles += _singles(line, subject, scene, column, need, counts, full=full)
    ordered = {state: counts[state] for state in RANK if counts[state]}
    return joined(line, rows, worst_first(singles, line), ordered, full=full)


def judge_devices(line: Requirement, scene: Scene, _: list[str], need: float, full: bool) -> Judged:
    """How many devices report. A silent one, and one that the roster names, may be there all the same."""
    rows, singles = [], list[Evidence]()
    counts: Counter[Verdict] = Counter()
    for role in _roles(line, scene):
        devices, expected = scene.of_roles((role,) if role else line.roles)
        silent = scene.silent_of((role,) if role else line.roles)
        there = len(devices) - len(silent)
        shares = Shares(there, 0, 0, 0, expected)
        found = interval.count(shares, higher_is_better=line.higher_is_better).over(line.scale, need)
        reasons = Counter(str(scene.silence(device)) for device in silent)
        rows.append(_judged(line, found, shares, "", role))
        if rows[-1].part.state is Verdict.UNKNOWN:
            rows[-1].part.reason = most_common(reasons) or "low_coverage"
        counts[Verdict.READY] += there
        counts[Verdict.UNKNOWN] += len(silent)
        for device in devices if full else silent:
            word = scene.silence(device) if scene.is_silent(device) else None
            state = Verdict.UNKNOWN if word else Verdict.READY
            singles.append(
                Evidence(subject=device.id, state=state, at=scene.seen(device), reason=word or "", part=role)
            )
    ordered = {state: counts[state] for state in RANK if counts[state]}
    return joined(line, rows, worst_first(singles, line), ordered, full=full)


def _roles(line: Requirement, scene: Scene) -> list[str]:
    """Each role by itself, or ``""`` for all that are asked together."""
    return (list(line.roles) or scene.roles) if line.scope == "role" else [""]


def _row(line: Requirement, subject: Subject, scene: Scene, column: Said, need: float) -> Row:
    shares = _shares(line, column)
    found = _interval(line, column, shares, need)
    row = _judged(line, found, shares, column.target, column.role)
    if row.part.state is Verdict.UNKNOWN:
        row.part.reason = _blank(subject, scene, column)
    if row.part.state in (Verdict.AT_RISK, Verdict.NOT_READY) and line.aggregate not in QUANTILES:
        reasons = Counter(entry[2].reason for entry, _ in _bad(line, column, need) if entry[2])
        row.part.reason = most_common(reasons) or "threshold"
    return row


def _of(row: Row, target: str) -> Row:
    """The same of another target. Of one that hardly anybody measures nothing more is to be told."""
    part = row.part
    copy = Evidence(
        subject="", target=target, part=part.part, state=part.state, value=part.value, samples=part.samples,
        reason=part.reason,
    )  # fmt: skip
    return Row(copy, row.interval, row.known)


def _blank(subject: Subject, scene: Scene, column: Said) -> str:
    if column.never and not column.stale and not column.blank:
        return "no_samples"
    if column.silent or column.expected:
        return blank(subject, scene, column.silent)
    return "not_applicable" if column.absent else "no_samples"


def _judged(line: Requirement, found: Interval, shares: Shares, target: str, role: str) -> Row:
    state = interval.verdict(line, found)
    if not shares.covers(line.coverage) and state is not Verdict.NOT_READY:
        state = Verdict.UNKNOWN
    part = whole(line, found, samples=shares.known, target=target, part=role, state=state)
    nobody = float(state is not Verdict.UNKNOWN)
    return Row(part, found, shares.known / shares.expected if shares.expected else nobody)


def _shares(line: Requirement, column: Said) -> Shares:
    good = _good(line, column.values)
    was_good = _good(line, [entry[0] for entry in column.stale])
    return Shares(good, len(column.values) - good, was_good, len(column.stale) - was_good, column.expected)


def _good(line: Requirement, values: list[Value]) -> int:
    if line.kind is Kind.RUNS:
        return len(values) - values.count(0.0)
    return len(values) if line.where is None else len(inside(line.where, values))


def _interval(line: Requirement, column: Said, shares: Shares, need: float) -> Interval:
    if line.aggregate == "ratio":
        return interval.ratio(shares, line.coverage, line.scale).over(1.0, need)
    if line.aggregate == "count":
        return interval.count(shares, higher_is_better=line.higher_is_better).over(line.scale, need)
    if line.aggregate == "all":
        return interval.failing(shares).over(line.scale, need)
    known, last = _numbers(column.values), _numbers([entry[0] for entry in column.stale])
    missing = 0 if known and shares.covers(line.coverage) else max(1, column.expected - len(known))
    return interval.quantile(QUANTILES[line.aggregate], known, last, missing).over(1.0, need)


def _numbers(values: list[Value]) -> list[float]:
    return [value for value in values if not isinstance(value, str)]


def _singles(
    line: Requirement,
    subject: Subject,
    scene: Scene,
    column: Said,
    need: float,
    counts: Counter[Verdict],
    *,
    full: bool,
) -> list[Evidence]:
    """The devices that are not ready by themselves; by a quantile's limit too, to tell who is slow. Of a target that no
    device has ever measured the whole tells enough."""
    if not full and not column.values and not _is_measured(column):
        counts[Verdict.UNKNOWN] += len(column.blank) + len(column.never)
        return []
    found = _bad(line, column, need)
    for _, state in found:
        counts[state] += 1
    counts[Verdict.READY] += len(column.values) - len(found)
    counts[Verdict.UNKNOWN] += column.unknown
    if full:
        bad = {entry[1].id for entry, _ in found}
        found += [(entry, Verdict.READY) for entry in column.known if entry[1].id not in bad]
    parts = [
        evidence(subject, scene, entry, state, _failing(entry, state), column.target, column.role)
        for entry, state in found
    ]
    return parts + [
        evidence(subject, scene, entry, Verdict.UNKNOWN, why(subject, scene, entry), column.target, column.role)
        for entry in column.silent
    ]


def _is_measured(column: Said) -> bool:
    """Whether any silent device has a result."""
    return any(result for several in (column.stale, column.blank) for _, _, result in several)


def _bad(line: Requirement, column: Said, need: float) -> list[tuple[Entry, Verdict]]:
    """The known ones that are not ready by themselves."""
    values = column.values
    if line.kind is Kind.RUNS:
        failed = [place for place, value in enumerate(values) if value == 0.0] if 0.0 in values else []
        return [(entry, Verdict.NOT_READY) for entry in column.at(failed)]
    if line.aggregate not in QUANTILES:
        bad = [] if line.where is None else outside(line.where, values)
        return [(entry, Verdict.NOT_READY) for entry in column.at(bad)]
    if need != 1.0:
        values = [value if isinstance(value, str) else value / need for value in values]
    return [
        (entry, judged(line, values[place])) for place in outside(line.ready, values) for entry in column.at((place,))
    ]


def _failing(entry: Entry, state: Verdict) -> str:
    if state is Verdict.READY:
        return ""
    return (entry[2].reason if entry[2] else "") or "threshold"
