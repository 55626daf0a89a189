"""Several things that a requirement wants together: how many of them are missing."""

from __future__ import annotations

from collections import Counter

from collector.readiness import interval
from collector.readiness.interval import Interval
from collector.readiness.judged import Judged, blank, is_against, most_common, shortened, tallied
from collector.readiness.model import Evidence, Verdict
from collector.readiness.profile import Part, Requirement
from collector.readiness.said import Entry, Said, evidence, is_in, said, why, worst_first
from collector.readiness.scene import Scene
from collector.readiness.values import Subject, inside


class Found(Evidence, kw_only=True):
    """A part of the requirement: the share of devices that can tell, and whether by what was said last it is there."""

    known: float = 0.0
    was_there: bool = True


def judge(line: Requirement, scene: Scene, _: list[str], need: float, full: bool) -> Judged:
    """A part is there when any device shows it. It is missing when enough devices can tell, none shows it, and no
    silent one did last; else, and where no device has what the part is of, nobody knows."""
    found = [_part(line, part, scene, full=full) for part in line.parts]
    rows = [row for row, _ in found]
    value = _missing(rows).over(line.scale, need)
    state = interval.verdict(line, value)
    coverage = min((row.known for row in rows), default=0.0)
    if state is not Verdict.NOT_READY and coverage < line.coverage:
        state = Verdict.UNKNOWN
    ordered = worst_first([_plain(row) for row in rows], line)
    blamed = Verdict.UNKNOWN if state is Verdict.UNKNOWN else Verdict.NOT_READY
    reasons = Counter(row.reason for row in rows if row.state is blamed)
    return Judged(
        state=state,
        value=None if state is Verdict.UNKNOWN else value.value,
        samples=sum(row.samples for row in rows),
        coverage=coverage,
        reason="" if state is Verdict.READY else (most_common(reasons) or "low_coverage"),
        evidence=(ordered if full else shortened(ordered)) + [one for _, several in found for one in several],
        counts=tallied(rows),
        low=value.low,
        high=value.high,
        against=is_against(line, value),
    )


def _missing(rows: list[Found]) -> Interval:
    missing = sum(row.state is Verdict.NOT_READY for row in rows)
    unknown = sum(row.state is Verdict.UNKNOWN for row in rows)
    return Interval(missing, missing, missing + unknown, sum(not row.was_there for row in rows))


def _plain(row: Found) -> Evidence:
    return Evidence(
        subject="", part=row.part, state=row.state, samples=row.samples, reason=row.reason, at=row.at, value=row.value
    )


def _part(line: Requirement, part: Part, scene: Scene, *, full: bool) -> tuple[Found, list[Evidence]]:
    subject = scene.plan.subject_of_part(part, line.max_age)
    columns = [said(subject, scene, line.roles, target) for target in scene.targets_of(part.check)]
    known = [value for column in columns for value in column.values]
    last = [entry for column in columns for entry in column.stale]
    row = Found(subject="", part=part.id, state=Verdict.UNKNOWN, samples=len(known))
    able, expected = _able(scene, line, columns)
    row.known = able / expected if expected else 0.0
    shows = inside(part.where, known)
    showed = any(is_in(part.where, entry) for entry in last)
    row.was_there = bool(shows) or showed or not (known or last)
    if shows:
        row.state = Verdict.READY
    elif not (known or last) and any(column.absent for column in columns):
        row.reason = "not_applicable"
    elif able and able >= line.coverage * expected and not showed:
        row.state, row.reason = Verdict.NOT_READY, _failing([entry for column in columns for entry in column.known])
    else:
        row.reason = _blank(subject, scene, columns)
    return row, _devices(subject, scene, part, columns) if full else []


def _able(scene: Scene, line: Requirement, columns: list[Said]) -> tuple[int, int]:
    """How many devices can tell, and how many should: one where the subject does not exist tells that it has none."""
    devices, expected = scene.of_roles(line.roles)
    if len(columns) == 1:
        absent = sum(not scene.is_silent(device) for device in columns[0].absent)
        return len(columns[0].values) + absent, max(expected, len(devices))
    told = {device.id for column in columns for _, device, _ in column.known}
    told |= {device.id for column in columns for device in column.absent if not scene.is_silent(device)}
    return len(told), max(expected, len(devices))


def _failing(known: list[Entry]) -> str:
    return most_common(Counter(result.reason for _, _, result in known if result and result.reason)) or "part_missing"


def _blank(subject: Subject, scene: Scene, columns: list[Said]) -> str:
    return blank(subject, scene, [entry for column in columns for entry in column.silent])


def _devices(subject: Subject, scene: Scene, part: Part, columns: list[Said]) -> list[Evidence]:
    found = []
    for column in columns:
        for entry in column.known:
            there = is_in(part.where, entry)
            state, reason = (Verdict.READY, "") if there else (Verdict.NOT_READY, _failing([entry]))
            found.append(evidence(subject, scene, entry, state, reason, column.target, part.id))
        for entry in column.silent:
            unknown = why(subject, scene, entry)
            found.append(evidence(subject, scene, entry, Verdict.UNKNOWN, unknown, column.target, part.id))
    return found
