"""What the commands about verdicts print."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import click
from rich.markup import escape

from collector.app import Parts
from collector.attribution.model import Finding
from collector.attribution.words import Names, rows
from collector.judgement import History
from collector.readiness import pathwords, ranking, words
from collector.readiness.difference import Change
from collector.readiness.fixes import Path
from collector.readiness.model import Bilingual, Silence, Unit, Verdict, Waiver
from collector.readiness.past import REQUIREMENT, Summary
from collector.readiness.whatif import Row, Stand
from collector.show import console, table

_WORDS = {
    "verdict": ("Kết luận", "Verdict"), "silence": ("Liên lạc", "Contact"),
    "nothing": ("Không có gì.", "Nothing."),
    "reports": ("báo cáo", "reports"), "mandatory": ("bắt buộc", "mandatory"), "advice": ("khuyến nghị", "advice"),
    "same": ("Hai bộ tiêu chí như nhau.", "Both profiles say the same."),
    "unchanged": ("Với {0}, không đơn vị nào thay đổi.", "By {0}, no unit would change."),
    "change": ("Với {0}, {1} đơn vị thay đổi:", "By {0}, {1} units would change:"),
    "waiver": ("miễn trừ", "waiver"), "approval": ("xác nhận", "approval"),
    "since": ("Từ {0}", "Since {0}"), "bill": ("Cần mua, cần làm:", "To buy and to do:"),
    "budget": ("{0} đủ cho {1} đơn vị ({2}).", "{0} make {1} units ready ({2})."),
}  # fmt: skip


def _word(name: str, lang: str, *values: object) -> str:
    return _WORDS[name][lang == "en"].format(*values)


def _print_or_nothing(shown: object, any_rows: bool, lang: str) -> None:
    console().print(shown if any_rows else _word("nothing", lang))


def history(found: History, titles: Mapping[str, Bilingual], lang: str, zone: ZoneInfo) -> None:
    """A line a subject: its state, since when, first failed, last ready, the share of the time in each state."""
    click.echo(_word("since", lang, _day(found.start, zone)))
    shown = table(lang, "what", "verdict", "began", "failed", "ready", "times")
    for subject in sorted(found.subjects, key=lambda name: (name.startswith(REQUIREMENT), name)):
        one = found.subjects[subject]
        if subject.startswith(REQUIREMENT) or subject in ("verdict", "silence"):
            title = titles.get(subject.removeprefix(REQUIREMENT), {}).get(lang) or _titled(subject, lang)
            shown.add_row(
                escape(title),
                _state(one.state, lang),
                _day(one.since, zone),
                _day(one.first_failed, zone),
                _day(one.last_ready, zone),
                escape(_times(one, lang)),
            )
    _print_or_nothing(shown, bool(found.subjects), lang)


def _titled(subject: str, lang: str) -> str:
    return _word(subject, lang) if subject in _WORDS else subject.removeprefix(REQUIREMENT)


def _state(state: str, lang: str) -> str:
    if state in set(Verdict):
        return words.verdict_word(Verdict(state), lang)
    return words.silence_word(Silence(state), lang) if state in set(Silence) else _word("reports", lang)


def _times(one: Summary, lang: str) -> str:
    whole = sum(one.times.values()) or 1
    parts = sorted(one.times.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{_state(state, lang)} {100 * time / whole:.0f} %" for state, time in parts)


def path(paths: Iterable[Path], titles: Mapping[str, Bilingual], lang: str) -> None:
    """What one unit needs."""
    for one in paths:
        for line in pathwords.lines(one, lang, lambda name: titles.get(name, {}).get(lang, name)):
            click.echo(line)


def city(paths: Sequence[Path], units: Mapping[str, Unit], lang: str, budget: int | None) -> None:
    """The units, cheapest first, what all of it comes to, and the bill."""
    ranked = ranking.ranked(paths)
    shown = table(lang, "code", "name", "what", "cost", "total", right=["cost", "total"])
    for row in ranked:
        name = units[row.path.unit].name if row.path.unit in units else row.path.unit
        total = pathwords.money(row.total, lang) if row.enough else "—"
        told = pathwords.sentence(row.path, lang, most=3)
        shown.add_row(row.path.unit, escape(name), escape(told), pathwords.money(row.path.cost, lang), total)
    if ranked:
        console().print(shown)
    click.echo(pathwords.outlook(ranked, lang))
    if budget is not None:
        count, cost = ranking.within(ranked, budget)
        click.echo(_word("budget", lang, pathwords.money(budget, lang), count, pathwords.money(cost, lang)))
    bill = ranking.bill(paths)
    if bill:
        click.echo(_word("bill", lang))
        lines = table(lang, "what", "many", "cost", "units", right=["many", "cost", "units"])
        for line in bill:
            cost_ = pathwords.money(line.cost, lang)
            lines.add_row(escape(line.title[lang]), escape(pathwords.counted(line, lang)), cost_, str(line.units))
        console().print(lines)


def findings(found: Sequence[Finding], names: Names, lang: str, now: int) -> None:
    """Two lines a finding: what it is in a table, and the sentence under it."""
    shown = table(lang, "id", "what", "units", "since", "status", "owner", right=["units"])
    told = rows(found, names, lang, now)
    for row in told:
        shown.add_row(row["id"], escape(row["title"]), row["units"], row["since"], row["state"], escape(row["owner"]))
    _print_or_nothing(shown, bool(told), lang)
    for row in told:
        click.echo(f"{row['id']}  {row['sentence']}")


def waivers(found: Sequence[Waiver], parts: Parts, lang: str) -> None:
    """One line each."""
    titles = {line.id: line.title for line in parts.rules.profile.requirements}
    shown = table(lang, "id", "unit", "what", "kind", "expires", "author", "note")
    for one in found:
        unit = parts.live.units[one.unit].name if one.unit in parts.live.units else one.unit
        shown.add_row(
            one.id,
            escape(unit),
            escape(titles.get(one.requirement, {}).get(lang, one.requirement)),
            _word(one.kind, lang),
            _day(one.expires_at if one.revoked_at is None else one.revoked_at, parts.catalog.zone),
            escape(one.author),
            escape(one.reason),
        )
    _print_or_nothing(shown, bool(found), lang)


def changes(found: Sequence[Change], lang: str) -> None:
    """What differs between two profiles."""
    for change in found:
        click.echo(f"- {change.words[lang]}")
    if not found:
        click.echo(_word("same", lang))


def would_change(found: Sequence[Row], titles: Mapping[str, Bilingual], parts: Parts, name: str, lang: str) -> None:
    """Which units another profile would judge otherwise, and why."""
    if not found:
        click.echo(_word("unchanged", lang, name))
        return
    click.echo(_word("change", lang, name, len(found)))
    for row in found:
        unit = parts.live.units[row.unit].name if row.unit in parts.live.units else row.unit
        click.echo(f"{row.unit} {unit}: {words.verdict_word(row.old, lang)} → {words.verdict_word(row.new, lang)}")
        for one in row.differs:
            title = titles.get(one.requirement, {}).get(lang, one.requirement)
            click.echo(f"  {title}: {_stand(one.old, lang)} → {_stand(one.new, lang)}")


def _stand(stand: Stand | None, lang: str) -> str:
    if stand is None:
        return "—"
    state, mandatory = stand
    return f"{words.verdict_word(state, lang)} ({_word('mandatory' if mandatory else 'advice', lang)})"


def _day(at: int | None, zone: ZoneInfo) -> str:
    if at is None:
        return "—"
    return datetime.datetime.fromtimestamp(at / 1e6, zone).strftime("%d/%m/%Y %H:%M")
