"""A unit page's contents: requirements with their evidence, what to do, devices, the last seven days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo

from markupsafe import Markup
from msgspec import Struct

from checks.kit.model import Scalar
from collector.board import Board
from collector.readiness import words
from collector.readiness.model import DeviceFacts, RequirementState, Transition, Unit, UnitVerdict, Verdict
from collector.readiness.text import quantity
from collector.web import svg
from collector.web.faces import FACES, OUTCOMES, Face, of, of_unit
from collector.web.format import SECOND, number
from collector.web.i18n import has, text
from collector.web.overview import spans_of

DAYS = 7


class Silences(Struct, frozen=True):
    """After how many seconds without a result a device has lost contact, and has no data."""

    lost_contact: int = 1800
    no_data: int = 86_400


class EvidenceRow(Struct, frozen=True):
    subject: str
    href: str
    face: Face
    value: str
    at: int | None


class RequirementRow(Struct, frozen=True):
    need: RequirementState
    title: str
    face: Face
    value: str
    needed: str
    why: str
    samples: str
    evidence: list[EvidenceRow]


class Todo(Struct, frozen=True):
    title: str
    face: Face
    remedy: str
    procure: str


class DeviceRow(Struct, frozen=True):
    device: DeviceFacts
    name: str
    role: str
    contact: str
    face: Face
    outcomes: list[tuple[Face, int]]


class UnitPage(Struct, frozen=True):
    unit: Unit
    verdict: UnitVerdict
    face: Face
    requirements: list[RequirementRow]
    todo: list[Todo]
    devices: list[DeviceRow]
    wide: Markup
    narrow: Markup


async def build(board: Board, code: str, now: int, lang: str, zone: tzinfo, silences: Silences) -> UnitPage:
    """Everything the page of unit `code` shows. Raises KeyError when there is no such unit."""
    unit, verdict = board.units[code], board.verdicts[code]
    devices = sorted(board.devices_of(code), key=lambda device: (device.name, device.id))
    days = days_until(now, zone)
    rows = timeline_rows(verdict, await board.history(code, days[0][0]), days[0][0], now, lang)
    title, end = f"{unit.name}: {text('timeline', lang)}", days[-1][0] + 86_400 * SECOND
    names = {device.id: device_name(device) for device in devices}
    targets = {target.id: target.title[lang] for target in board.targets}
    return UnitPage(
        unit=unit,
        verdict=verdict,
        face=of_unit(verdict),
        requirements=[_requirement(need, names, targets, lang) for need in verdict.requirements],
        todo=todo(verdict, lang),
        devices=[device_row(device, now, lang, silences) for device in devices],
        wide=svg.timeline(rows, days, end, title),
        narrow=svg.timeline(rows, [(at, label[:5]) for at, label in days], end, title, width=328, labels=0),
    )


def device_name(device: DeviceFacts) -> str:
    return device.name or device.id[:8]


def _requirement(need: RequirementState, names: dict[str, str], targets: dict[str, str], lang: str) -> RequirementRow:
    samples = text("samples", lang, count=number(need.samples, lang)) if need.samples else ""
    if need.coverage:
        share = text("coverage", lang, share=f"{100 * need.coverage:.0f} %")
        samples = f"{samples}, {share}" if samples else share
    evidence = [
        EvidenceRow(
            subject=_subject(names.get(part.subject, part.subject[:8]), targets.get(part.target, part.target), lang),
            href=f"/devices/{part.subject}" if part.subject in names else "",
            face=of(part.state),
            value=_value(part.value, part.reason, need.unit, lang),
            at=part.at,
        )
        for part in need.evidence
    ]
    return RequirementRow(
        need=need,
        title=need.title[lang],
        face=of(need.state),
        value=quantity(need.value, need.unit, lang),
        needed=words.need(need, lang),
        why=words.reason_word(need.reason, lang) if need.reason and need.state != Verdict.READY else "",
        samples=samples,
        evidence=evidence,
    )


def _subject(device: str, target: str, lang: str) -> str:
    return " → ".join(part for part in (device, target) if part) or text("whole_unit", lang)


def _value(value: Scalar, reason: str, unit: str, lang: str) -> str:
    return words.reason_word(reason, lang) if value is None and reason else quantity(value, unit, lang)


def todo(verdict: UnitVerdict, lang: str) -> list[Todo]:
    """What the profile says to do about each requirement that is not met: deciding ones first, then advice."""
    order = {key: place for place, key in enumerate(verdict.deciding)}
    wanting = [need for need in verdict.requirements if need.state in (Verdict.NOT_READY, Verdict.AT_RISK)]
    wanting.sort(key=lambda need: (not need.mandatory, order.get(need.id, len(order))))
    return [
        Todo(need.title[lang], of(need.state), need.remedy.get(lang, ""), need.procure.get(lang, ""))
        for need in wanting
        if need.remedy or need.procure
    ]


def contact_of(device: DeviceFacts, now: int, lang: str, silences: Silences) -> tuple[Face, str]:
    """Whether the device is heard from, and the word for it."""
    if device.status != "active":
        return FACES["unknown"], text(device.status, lang) if has(device.status) else device.status
    if device.last_seen is None:
        return FACES["never_enrolled"], text("never", lang)
    quiet = (now - device.last_seen) / SECOND
    if quiet <= silences.lost_contact:
        return FACES["ready"], text("reports", lang)
    face = FACES["no_data" if quiet > silences.no_data else "lost_contact"]
    return face, face.word(lang)


def device_row(device: DeviceFacts, now: int, lang: str, silences: Silences) -> DeviceRow:
    face, contact = contact_of(device, now, lang, silences)
    found: dict[str, int] = {}
    for result in device.results.values():
        key = OUTCOMES[result.outcome]
        found[key] = found.get(key, 0) + 1
    outcomes = [(FACES[key], found[key]) for key in FACES if key in found]
    return DeviceRow(device, device_name(device), role_of(device, lang), contact, face, outcomes)


def role_of(device: DeviceFacts, lang: str) -> str:
    return text(f"role_{device.role}", lang) if has(f"role_{device.role}") else device.role


def days_until(now: int, zone: tzinfo) -> list[tuple[int, str]]:
    """The last seven days of `zone` up to today: when each begins (µs) and its ``dd/mm``."""
    today = datetime.combine(datetime.fromtimestamp(now / SECOND, zone).date(), time(), zone)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [(int(day.timestamp()) * SECOND, day.strftime("%d/%m")) for day in days]


def timeline_rows(
    verdict: UnitVerdict, history: Sequence[Transition], start: int, now: int, lang: str
) -> list[svg.Row]:
    """The verdict's line first, then one for each requirement of the present profile."""
    rows = [svg.Row(text("verdict", lang), _titled(verdict_spans(verdict, history, start, now), lang), strong=True)]
    for need in verdict.requirements:
        mine = [change for change in history if change.subject == f"requirement:{need.id}"]
        rows.append(svg.Row(need.title[lang], _titled(spans_of(mine, (need.state, need.since), start, now), lang)))
    return rows


def verdict_spans(verdict: UnitVerdict, history: Sequence[Transition], start: int, now: int) -> list[svg.Span]:
    """The verdict's spans, with an unknown time cut where silence began or ended and called by that."""
    judged = [change for change in history if change.subject == "verdict"]
    quiet = [change for change in history if change.subject == "silence"]
    silent = spans_of(quiet, (verdict.silence or "", verdict.silent_since or verdict.since), start, now)
    spans: list[svg.Span] = []
    for span in spans_of(judged, (verdict.verdict, verdict.since), start, now):
        spans += _cut(span, silent) if span.face.key == Verdict.UNKNOWN else [span]
    return spans


def _cut(span: svg.Span, silent: Sequence[svg.Span]) -> list[svg.Span]:
    parts: list[svg.Span] = []
    at = span.start
    for quiet in silent:
        left, right = max(quiet.start, at), min(quiet.end, span.end)
        if left < right:
            if left > at:
                parts.append(svg.Span(at, left, span.face))
            parts.append(svg.Span(left, right, quiet.face))
            at = right
    return [*parts, svg.Span(at, span.end, span.face)] if at < span.end else parts


def _titled(spans: Sequence[svg.Span], lang: str) -> list[svg.Span]:
    return [svg.Span(span.start, span.end, span.face, span.face.word(lang)) for span in spans]
