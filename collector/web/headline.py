"""The unit's one sentence: the verdict, its cause, whose fault it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from collector.attribution.model import Cause, Finding
from collector.attribution.owners import step, whose
from collector.board import Board
from collector.readiness import words
from collector.readiness.model import RequirementState, Silence, UnitVerdict, Verdict
from collector.readiness.text import instant
from collector.web.blame import here
from collector.web.i18n import text

_SILENT = (Silence.LOST_CONTACT, Silence.NO_DATA)


def headline(verdict: UnitVerdict, findings: Sequence[Finding], board: Board, lang: str, zone: ZoneInfo) -> str:
    """`findings` are those that hold for the unit. The one that explains the verdict is told with it; where none does,
    the verdict is told with its remedy."""
    if verdict.silence is Silence.LATE:
        verdict = msgspec.structs.replace(verdict, silence=None)
    guilty = explaining(verdict, findings)
    if guilty is None:
        return words.headline(verdict, board.units[verdict.unit], lang, board.targets, zone)
    began = verdict.silent_since if verdict.silence else verdict.since
    state = words.state_word(verdict, lang)
    since = f" {_since(lang)} {instant(began, verdict.at, lang, zone)}" if began is not None else ""
    blame = _blame(guilty, board, lang)
    if verdict.silence:
        return f"{_capital(state)}{since}: {blame[:1].lower()}{blame[1:]}"
    return f"{_capital(state)}{since}: {words.cause(verdict, lang, board.targets)}. {blame}"


def _since(lang: str) -> str:
    return "since" if lang == "en" else "từ"


def _blame(finding: Finding, board: Board, lang: str) -> str:
    """``Mạng của VNPT không thông — nhà cung cấp VNPT, 14 đơn vị cùng lỗi. Báo một lần cho nhà cung cấp.``"""
    shared = len(finding.units)
    who = whose(finding, lang)
    both = who if shared < 2 else f"{who}, {text('same_fault', lang, count=shared)}"
    said = text("blame", lang, what=here(finding, board, lang), whose=both)
    return f"{_capital(said)}. {step(finding, lang)}"


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def explaining(verdict: UnitVerdict, findings: Sequence[Finding]) -> Finding | None:
    """The finding that the verdict comes from, if one is: the silence of a unit, or the requirement that decides."""
    if verdict.verdict is Verdict.READY or not findings:
        return None
    if verdict.silence in _SILENT:
        return findings[0]
    line = None if verdict.silence else words.deciding(verdict)
    return next((finding for finding in findings if line and explains(finding, line)), None)


def explains(finding: Finding, line: RequirementState) -> bool:
    """Whether what is not ready of `line` is what `finding` stops: the same systems, asked by its devices or by the
    unit as one, or the same reason."""
    for part in line.evidence:
        if part.state is Verdict.READY:
            continue
        if part.subject and part.subject not in finding.devices:
            continue
        if part.target in finding.targets or (part.reason and part.reason == finding.reason):
            return True
        if finding.cause is Cause.CLOCK and line.unit == "s" and not part.target:
            return True
    return False
