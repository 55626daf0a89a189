"""The requirement table of a unit: value, need, since when, who shows it, and what a person has decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from msgspec import Struct

from checks.kit.model import Scalar
from collector.readiness import words
from collector.readiness.model import Evidence, RequirementState, Transition, UnitVerdict, Verdict, Waiver
from collector.readiness.past import Summary, summary
from collector.readiness.text import quantity
from collector.web.faces import Face, of
from collector.web.format import SECOND, local, number
from collector.web.i18n import has, text

MOST = 40
"""Parts that are listed one by one; a school-sized office with every system down would fill the page."""
DAY, HOUR = 86_400 * SECOND, 3600 * SECOND


class EvidenceRow(Struct, frozen=True):
    subject: str
    href: str
    face: Face
    value: str
    at: int | None


class WaiverNote(Struct, frozen=True):
    """``word`` is ``miễn trừ`` or ``xác nhận tại chỗ``, ``said`` the reason, the author and how long it holds."""

    word: str
    said: str
    counts: bool


class Past(Struct, frozen=True):
    """When the trouble that lasts was first seen within the days looked at, and until when it was ready last; None:
    never in them."""

    first_failed: int | None
    last_ready: int | None


class RequirementRow(Struct, frozen=True):
    need: RequirementState
    title: str
    face: Face
    value: str
    needed: str
    why: str
    samples: str
    evidence: list[EvidenceRow]
    rest: list[str]
    notes: list[WaiverNote]
    past: Past | None


class Shown(Struct, frozen=True):
    """What rows are told with: the names of devices and targets, the instant (µs) and the reader's language and
    zone."""

    names: dict[str, str]
    targets: dict[str, str]
    now: int
    lang: str
    zone: tzinfo


def rows(verdict: UnitVerdict, history: Sequence[Transition], start: int, shown: Shown) -> list[RequirementRow]:
    """`history` tells of the time from `start` (µs) on."""
    week = summary(history, start, shown.now)
    return [_row(need, verdict.waivers, week.get(f"requirement:{need.id}"), shown) for need in verdict.requirements]


def _row(need: RequirementState, waivers: Sequence[Waiver], week: Summary | None, shown: Shown) -> RequirementRow:
    lang = shown.lang
    listed = need.evidence[:MOST]
    return RequirementRow(
        need=need,
        title=need.title.get(lang, need.id),
        face=of(need.state),
        value=quantity(need.value, need.unit, lang),
        needed=words.need(need, lang),
        why=words.reason_word(need.reason, lang) if need.reason and need.state != Verdict.READY else "",
        samples=_samples(need, lang),
        evidence=[_evidence(part, need, shown) for part in listed],
        rest=_rest(need, lang),
        notes=[note(each, shown, each.id == need.waiver) for each in waivers if each.requirement == need.id],
        past=_past(need, week),
    )


def _samples(need: RequirementState, lang: str) -> str:
    samples = text("samples", lang, count=number(need.samples, lang)) if need.samples else ""
    share = text("coverage", lang, share=f"{100 * need.coverage:.0f} %") if need.coverage else ""
    return ", ".join(part for part in (samples, share) if part)


def _evidence(part: Evidence, need: RequirementState, shown: Shown) -> EvidenceRow:
    return EvidenceRow(
        subject=_subject(part, shown),
        href=f"/devices/{part.subject}" if part.subject in shown.names else "",
        face=of(part.state),
        value=_value(part.value, part.reason, need.unit, shown.lang),
        at=part.at,
    )


def _subject(part: Evidence, shown: Shown) -> str:
    device = shown.names.get(part.subject, part.subject[:8])
    target = shown.targets.get(part.target, part.target)
    role = f"role_{part.part}"
    some = text(role, shown.lang) if has(role) else part.part
    return " → ".join(each for each in (device, some, target) if each) or text("whole_unit", shown.lang)


def _value(value: Scalar, reason: str, unit: str, lang: str) -> str:
    return words.reason_word(reason, lang) if value is None and reason else quantity(value, unit, lang)


def _rest(need: RequirementState, lang: str) -> list[str]:
    """What the evidence leaves out: the ready parts but the worst of them, and what did not fit."""
    said = []
    if (cut := len(need.evidence) - MOST) > 0:
        said.append(text("more_parts", lang, count=number(cut, lang)))
    ready = need.counts.get(Verdict.READY, 0) - sum(part.state is Verdict.READY for part in need.evidence)
    if ready > 0:
        alone = all(part.subject and not part.target for part in need.evidence)
        word = f"rest_{'device' if alone else 'result'}{'' if ready == 1 else 's'}"
        said.append(text(word, lang, count=number(ready, lang)))
    return said


def _past(need: RequirementState, week: Summary | None) -> Past | None:
    """None where the week adds nothing to ``since``."""
    if need.state not in (Verdict.NOT_READY, Verdict.AT_RISK) or week is None:
        return None
    first, last = week.first_failed, week.last_ready
    return None if first in (None, need.since) and last == need.since else Past(first, last)


def note(waiver: Waiver, shown: Shown, counts: bool) -> WaiverNote:
    until = local(waiver.expires_at, shown.zone)
    said = text(
        "waiver_note",
        shown.lang,
        reason=waiver.reason,
        author=waiver.author,
        until=f"{until:%d/%m/%Y}" if until else "—",
        left=left(waiver, shown.now, shown.lang),
    )
    return WaiverNote(text("waived" if waiver.kind == "waiver" else "approved", shown.lang), said, counts)


def left(waiver: Waiver, now: int, lang: str) -> str:
    """``còn 9 ngày``; on the last day hours."""
    remains = waiver.expires_at - now
    if remains <= 0:
        return text("left_none", lang)
    if remains < DAY:
        return text("left_hours", lang, n=max(1, remains // HOUR))
    return text("left_days", lang, n=remains // DAY)
