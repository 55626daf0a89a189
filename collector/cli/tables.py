"""How ``readiness history``, ``findings`` and ``waivers`` show what they found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from collector import show
from collector.app import Parts
from collector.judgement import History
from collector.readiness import words
from collector.readiness.model import Bilingual, Silence, Verdict, Waiver
from collector.readiness.past import REQUIREMENT, Summary
from collector.readiness.text import instant

_WORDS = {
    "verdict": ("Kết luận", "Verdict"), "silence": ("Liên lạc", "Contact"),
    "reports": ("có báo cáo", "reports"),
    "recorded": ("{0}, từ {1}", "{0}, since {1}"),
    "unrecorded": ("{0}, từ {1}: chưa có gì được ghi lại.", "{0}, since {1}: nothing is recorded."),
    "now": ("nay", "now"),
    "no_findings": ("Không có sự cố nào.", "No findings."),
    "no_waivers": ("Không có miễn trừ hay xác nhận nào.", "No waivers or approvals."),
    "waiver": ("miễn trừ", "waiver"), "approval": ("xác nhận", "approval"),
    "in_force": ("có hiệu lực", "in force"), "expired": ("đã hết hạn", "expired"),
    "revoked": ("đã thu hồi", "revoked"),
}  # fmt: skip


def _word(name: str, lang: str, *values: object) -> str:
    return _WORDS[name][lang == "en"].format(*values)


def history(found: History, unit: str, parts: Parts, lang: str) -> None:
    """The verdict, the contact, then a line a requirement in the profile's order: its state, since when, first failed,
    last ready, the share of the time in each state."""
    began = show.instant(found.start, parts.catalog.zone)
    subjects = _in_order(found, [line.id for line in parts.rules.profile.requirements])
    head = "recorded" if subjects else "unrecorded"
    show.tell(_word(head, lang, show.called(unit, parts.live.units), began))
    titles = {line.id: line.title for line in parts.rules.profile.requirements}
    shown = show.table(lang, "what", "state", "since", "failed", "ready", "times")
    for subject in subjects:
        one = found.subjects[subject]
        shown.add_row(escape(_titled(subject, titles, lang)), _state(one.state, lang), *_when(one, found, parts, lang))
    if subjects:
        show.console().print(shown)


def _in_order(found: History, ids: Sequence[str]) -> list[str]:
    """Subjects that have a state, in the profile's order; what another profile asked follows."""
    places = {f"{REQUIREMENT}{name}": place for place, name in enumerate(ids)}
    asked = sorted(
        (subject for subject in found.subjects if subject.startswith(REQUIREMENT)),
        key=lambda subject: (places.get(subject, len(places)), subject),
    )
    return [subject for subject in ("verdict", "silence") if subject in found.subjects] + asked


def _titled(subject: str, titles: Mapping[str, Bilingual], lang: str) -> str:
    if subject in _WORDS:
        return _word(subject, lang)
    name = subject.removeprefix(REQUIREMENT)
    return titles.get(name, {}).get(lang, name)


def _when(one: Summary, found: History, parts: Parts, lang: str) -> list[str]:
    """Since, first failed, last ready, and the share of each state."""
    is_ready = one.last_ready is not None and one.last_ready >= found.end
    times = [one.since, one.first_failed, None if is_ready else one.last_ready]
    told = ["—" if at is None else instant(at, found.end, lang, parts.catalog.zone) for at in times]
    return [*told[:2], _word("now", lang) if is_ready else told[2], escape(_times(one, lang))]


def _state(state: str, lang: str) -> str:
    if state in set(Verdict):
        return words.verdict_word(Verdict(state), lang)
    return words.silence_word(Silence(state), lang) if state in set(Silence) else _word("reports", lang)


def _times(one: Summary, lang: str) -> str:
    """``sẵn sàng 93 %, có nguy cơ 7 %``: the longest first."""
    whole = sum(one.times.values()) or 1
    parts = sorted(one.times.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{_state(state, lang)} {_share(time / whole)}" for state, time in parts)


def _share(share: float) -> str:
    return "< 1 %" if share < 0.01 else ("> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %")


def findings(found: Sequence[Mapping[str, str]], lang: str) -> None:
    """Rows of :func:`collector.attribution.words.rows`: what they are in a table, and a sentence each under it."""
    shown = show.table(lang, "id", "fault", "units", "since", "status", "owner", right=["units"])
    for row in found:
        shown.add_row(row["id"], escape(row["title"]), row["units"], row["since"], row["state"], escape(row["owner"]))
    show.print_or(shown, _word("no_findings", lang))
    for row in found:
        show.tell(f"{row['id']}  {row['sentence']}")


def waivers(found: Sequence[Waiver], parts: Parts, lang: str, *, everything: bool) -> None:
    """One line each; of `everything` it is said whether it holds."""
    titles = {line.id: line.title for line in parts.rules.profile.requirements}
    columns = ["id", "unit", "what", "kind", "until", *(["status"] if everything else []), "author", "why"]
    shown = show.table(lang, *columns)
    for one in found:
        row: list[Any] = [one.id, escape(show.called(one.unit, parts.live.units))]
        row += [escape(titles.get(one.requirement, {}).get(lang, one.requirement)), _word(one.kind, lang)]
        end = one.expires_at if one.revoked_at is None else one.revoked_at
        row += [show.until(end, parts.catalog.zone), *([_status(one, parts.now(), lang)] if everything else [])]
        shown.add_row(*row, escape(one.author), escape(one.reason))
    show.print_or(shown, _word("no_waivers", lang))


def _status(one: Waiver, now: int, lang: str) -> str:
    if one.revoked_at is not None:
        return _word("revoked", lang)
    return _word("in_force" if one.holds(now) else "expired", lang)
