"""The unit's one sentence: the verdict, its cause, whose fault it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from checks.kit.segment import Segment
from collector.attribution.model import DEDICATED, Cause, Finding
from collector.attribution.owners import step, whose
from collector.board import Board
from collector.readiness import words
from collector.readiness.model import Evidence, RequirementState, Silence, UnitVerdict, Verdict
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
    """The finding that the verdict comes from, if one is; how sure it is counts last.

    Of a silent unit it is what cuts off the whole of it before what stops one PC. Else it is the one behind the
    evidence that the sentence names, so that its cause and its blame agree, and then the one that explains most of the
    requirement that decides.
    """
    if verdict.silence in _SILENT:
        cutting = [finding for finding in findings if _silences(finding)]
        return max(cutting, key=lambda one: (one.segment is not Segment.DEVICE, one.confidence), default=None)
    line = None if words.silent(verdict) or verdict.verdict is Verdict.READY else words.deciding(verdict)
    if line is None:
        return None
    weighed = [(_weight(finding, line), finding) for finding in findings]
    found = max(weighed, key=lambda pair: pair[0], default=None)
    return found[1] if found and found[0].parts else None


class _Weight(NamedTuple):
    """How much of a requirement a finding explains; the greater explains it better. ``named`` is 2 where it is both the
    system and the reason that the sentence names, 1 where it is one of them."""

    named: int
    parts: int
    confidence: float


def _silences(finding: Finding) -> bool:
    """Whether devices that it stops are not heard: neither a clock nor one system keeps results from coming, and they
    come by the Internet."""
    if finding.segment is Segment.DESTINATION or finding.network == DEDICATED:
        return False
    return finding.cause not in (Cause.CLOCK, Cause.SLOW)


def _weight(finding: Finding, line: RequirementState) -> _Weight:
    named = words.named(line)
    lacking = [part for part in line.evidence if part.state is not Verdict.READY]
    explained = sum(_fits(finding, part, line) > 0 for part in lacking)
    return _Weight(_fits(finding, named, line) if named else 0, explained, finding.confidence)


def _fits(finding: Finding, part: Evidence, line: RequirementState) -> int:
    """In how many ways `part` of `line` is what `finding` stops: the same system, asked by its devices or by the unit
    as one, and the same reason. 0: in none."""
    if part.subject and part.subject not in finding.devices:
        return 0
    if finding.cause is Cause.CLOCK and line.unit == "s" and not part.target:
        return 1
    return (part.target in finding.targets) + bool(part.reason and part.reason == finding.reason)
