"""Findings: those that hold for a unit, all of them, and one by itself."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.attribution.model import Finding
from collector.attribution.tracker import is_present
from collector.attribution.words import state_word, surety
from collector.board import Board
from collector.units import sort_key
from collector.web import faces, way
from collector.web.blame import Told, told
from collector.web.contact import device_name
from collector.web.format import SECOND, number
from collector.web.i18n import text

PAST = 30 * 86_400 * SECOND
MOST = 200
"""Units, devices or systems that a page lists; the rest is counted."""


class Row(Struct, frozen=True):
    finding: Finding
    told: Told
    segment: str
    confidence: str
    evidence: str
    state: str


class Link(Struct, frozen=True):
    name: str
    href: str
    face: faces.Face | None = None
    beside: str = ""


class Some(Struct, frozen=True):
    """As many links as fit, and how many were left out."""

    links: list[Link]
    more: int


class ListPage(Struct, frozen=True):
    open: list[Row]
    closed: list[Row]


class FindingPage(Struct, frozen=True):
    row: Row
    way: list[way.Step]
    units: Some
    devices: Some
    targets: Some


def row(finding: Finding, board: Board, now: int, lang: str, zone: ZoneInfo) -> Row:
    failing, working = number(finding.failing, lang), number(finding.working, lang)
    return Row(
        finding=finding,
        told=told(finding, board, now, lang, zone),
        segment=text(f"seg_{finding.segment}", lang),
        confidence=surety(finding),
        evidence=text("counts_told", lang, failing=failing, working=working),
        state=state_word(finding, lang),
    )


def holding(findings: Iterable[Finding], unit: str) -> list[Finding]:
    """Those that stop `unit` now, the surest first."""
    return of_unit((finding for finding in findings if finding.cleared_at is None), unit)


def of_unit(findings: Iterable[Finding], unit: str) -> list[Finding]:
    """Those that `unit` is among, the surest first."""
    here = [finding for finding in findings if unit in finding.units]
    return sorted(here, key=lambda finding: (-finding.confidence, -len(finding.units), finding.id))


def held(findings: Iterable[Finding], at: int) -> list[Finding]:
    """Those that were open at `at` (µs), as if they were open still."""
    return [
        finding
        for finding in findings
        if finding.opened_at <= at and (finding.cleared_at or finding.closed_at or at + 1) > at
    ]


async def listed(board: Board, now: int, lang: str, zone: ZoneInfo) -> ListPage:
    """Those that are open, then those closed in the last 30 days, the last closed first."""
    past = [finding for finding in await board.past_findings(now - PAST) if finding.closed_at is not None]
    past.sort(key=lambda finding: (-(finding.closed_at or 0), finding.id))
    present, gone = ([row(each, board, now, lang, zone) for each in some] for some in (board.findings, past))
    return ListPage(present, gone)


async def then(board: Board, unit: str, at: int) -> list[Finding]:
    """Those that stopped `unit` at `at` (µs)."""
    known = {finding.id: finding for finding in (*await board.past_findings(at), *board.findings)}
    return of_unit(held(known.values(), at), unit)


def page(finding: Finding, board: Board, now: int, lang: str, zone: ZoneInfo) -> FindingPage:
    titles = {target.id: target.title.get(lang, target.id) for target in board.targets}
    return FindingPage(
        row=row(finding, board, now, lang, zone),
        way=way.steps([finding], {}, board, lang, known=True, blamed="guilty" if is_present(finding) else "was"),
        units=_some([_unit(code, board) for code in _sorted(finding.units, board)]),
        devices=_some([_device(key, board) for key in finding.devices]),
        targets=_some([Link(titles.get(key, key), "") for key in finding.targets]),
    )


def _sorted(codes: Iterable[str], board: Board) -> list[str]:
    return sorted(codes, key=lambda code: (sort_key(board.units[code].name) if code in board.units else (), code))


def _unit(code: str, board: Board) -> Link:
    if code not in board.units:
        return Link(code, "")
    return Link(board.units[code].name, f"/units/{code}", faces.of_unit(board.verdicts[code]))


def _device(key: str, board: Board) -> Link:
    device = board.device(key)
    if device is None:
        return Link(key[:8], "")
    unit = board.units.get(device.unit)
    return Link(device_name(device), f"/devices/{key}", beside=unit.name if unit else "")


def _some(links: list[Link]) -> Some:
    return Some(links[:MOST], max(0, len(links) - MOST))
