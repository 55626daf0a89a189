"""A unit page's contents: whose fault it is, what to do, requirements with their evidence, the last seven days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup
from msgspec import Struct

from collector.attribution import words_silent
from collector.attribution.model import Finding
from collector.board import Board
from collector.readiness.model import DeviceFacts, Silence, Transition, Unit, UnitVerdict, Verdict
from collector.web import findings, requirements, shortest, svg, way
from collector.web.contact import Silences as Silences
from collector.web.contact import contact_of, device_name, role_of
from collector.web.faces import FACES, OUTCOMES, Face, of, of_unit
from collector.web.format import SECOND, unbroken
from collector.web.headline import headline
from collector.web.i18n import text
from collector.web.requirements import RequirementRow, Shown, WaiverNote
from collector.web.spans import spans_of, titled, verdict_spans

DAYS = 7


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
    """``late`` is the face of lateness where the unit reports late, ``silent`` why nothing is heard of it; ``loose``
    are waivers of requirements that the profile no longer has. In the past there are no devices, nothing to do and no
    path: those are of the present."""

    unit: Unit
    verdict: UnitVerdict
    face: Face
    late: Face | None
    headline: str
    silent: str
    way: list[way.Step]
    findings: list[findings.Row]
    requirements: list[RequirementRow]
    loose: list[WaiverNote]
    todo: list[Todo]
    path: shortest.PathView | None
    devices: list[DeviceRow]
    wide: Markup
    narrow: Markup


async def build(board: Board, code: str, now: int, lang: str, zone: ZoneInfo, silences: Silences) -> UnitPage:
    """Everything the page of unit `code` shows. Raises KeyError when there is no such unit."""
    here = findings.holding(board.findings, code)
    page = await _judged(board, board.verdicts[code], here, now, lang, zone)
    devices = sorted(board.devices_of(code), key=lambda device: (device.name, device.id))
    names = {device.id: device_name(device) for device in devices}
    return msgspec.structs.replace(
        page,
        silent=_silent(board, code, now, lang, zone),
        todo=todo(page.verdict, lang),
        path=shortest.build(board.path(code), page.verdict, names, lang),
        devices=[device_row(device, now, lang, silences) for device in devices],
    )


async def build_past(board: Board, code: str, at: int, lang: str, zone: ZoneInfo) -> UnitPage | None:
    """The page as it was at `at` (µs); None where the unit had no verdict yet. Raises KeyError as :func:`build`."""
    verdict = await board.verdict_at(code, at)
    if verdict is None:
        return None
    here = await findings.then(board, code, at)
    return await _judged(board, msgspec.structs.replace(verdict, at=at), here, at, lang, zone)


async def _judged(
    board: Board, verdict: UnitVerdict, here: list[Finding], now: int, lang: str, zone: ZoneInfo
) -> UnitPage:
    """What follows from the verdict and the findings of one instant."""
    unit, days = board.units[verdict.unit], days_until(now, zone)
    start, end = days[0][0], days[-1][0] + 86_400 * SECOND
    history = [change for change in await board.history(unit.code, start) if change.at <= now]
    bars = timeline_rows(verdict, history, start, now, lang)
    title = f"{unit.name}: {text('timeline', lang)}"
    shown = _shown(board, unit.code, now, lang, zone)
    ids = {need.id for need in verdict.requirements}
    return UnitPage(
        unit=unit,
        verdict=verdict,
        face=of_unit(verdict),
        late=FACES["late"] if verdict.silence is Silence.LATE else None,
        headline=unbroken(headline(verdict, here, board, lang, zone)),
        silent="",
        way=way.steps(here, way.names_of(board, verdict, lang), board, lang, verdict.verdict is not Verdict.UNKNOWN),
        findings=[findings.row(finding, board, now, lang, zone) for finding in here],
        requirements=requirements.rows(verdict, history, start, shown),
        loose=[requirements.note(each, shown, False) for each in verdict.waivers if each.requirement not in ids],
        todo=[],
        path=None,
        devices=[],
        wide=svg.timeline(bars, days, end, title),
        narrow=svg.timeline(bars, [(at, label[:5]) for at, label in days], end, title, width=328, labels=0),
    )


def _silent(board: Board, code: str, now: int, lang: str, zone: ZoneInfo) -> str:
    silent = board.silence_of(code)
    return words_silent.sentence(silent, now, lang, code, zone) if silent else ""


def _shown(board: Board, code: str, now: int, lang: str, zone: ZoneInfo) -> Shown:
    return Shown(
        names={device.id: device_name(device) for device in board.devices_of(code)},
        targets={target.id: target.title.get(lang, target.id) for target in board.targets},
        now=now,
        lang=lang,
        zone=zone,
    )


def todo(verdict: UnitVerdict, lang: str) -> list[Todo]:
    """What the profile says to do about each requirement that is not met: deciding ones first, then advice. What is
    waived is nothing to do."""
    order = {key: place for place, key in enumerate(verdict.deciding)}
    wanting = [
        need for need in verdict.requirements if need.state in (Verdict.NOT_READY, Verdict.AT_RISK) and not need.waiver
    ]
    wanting.sort(key=lambda need: (not need.mandatory, order.get(need.id, len(order))))
    return [
        Todo(need.title.get(lang, need.id), of(need.state), need.remedy.get(lang, ""), need.procure.get(lang, ""))
        for need in wanting
        if need.remedy or need.procure
    ]


def device_row(device: DeviceFacts, now: int, lang: str, silences: Silences) -> DeviceRow:
    face, contact = contact_of(device, now, lang, silences)
    found: dict[str, int] = {}
    for result in device.results.values():
        key = OUTCOMES[result.outcome]
        found[key] = found.get(key, 0) + 1
    outcomes = [(FACES[key], found[key]) for key in FACES if key in found]
    return DeviceRow(device, device_name(device), role_of(device, lang), contact, face, outcomes)


def days_until(now: int, zone: ZoneInfo) -> list[tuple[int, str]]:
    """The last seven days of `zone` up to today: when each begins (µs) and its ``dd/mm``."""
    today = datetime.combine(datetime.fromtimestamp(now / SECOND, zone).date(), time(), zone)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [(int(day.timestamp()) * SECOND, day.strftime("%d/%m")) for day in days]


def timeline_rows(
    verdict: UnitVerdict, history: Sequence[Transition], start: int, now: int, lang: str
) -> list[svg.Row]:
    """The verdict's line first, then one for each requirement of the present profile."""
    rows = [svg.Row(text("verdict", lang), titled(verdict_spans(verdict, history, start, now), lang), strong=True)]
    for need in verdict.requirements:
        mine = [change for change in history if change.subject == f"requirement:{need.id}"]
        spans = titled(spans_of(mine, (need.state, need.since), start, now), lang)
        rows.append(svg.Row(need.title.get(lang, need.id), spans))
    return rows
