"""How ``readiness`` shows verdicts: one line a unit, or one unit in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import click
from rich.markup import escape

from collector import show
from collector.app import Parts
from collector.readiness import words
from collector.readiness.model import RequirementState, Silence, UnitVerdict, Verdict, Waiver
from collector.readiness.text import quantity
from collector.web.i18n import text

INK = {
    Verdict.READY: "#009E73",
    Verdict.AT_RISK: "#E69F00",
    Verdict.NOT_READY: "#D55E00",
    Verdict.UNKNOWN: "bright_black",
}
ORDER = [Verdict.NOT_READY, Verdict.AT_RISK, Verdict.UNKNOWN, Verdict.READY]
WAIVED = "✎"
_WAIVER = {
    "waiver": ("{0} {1}: miễn trừ {2} đến hết {3}, {4}: {5}", "{0} {1}: waiver {2} until {3}, {4}: {5}"),
    "approval": ("{0} {1}: xác nhận {2} đến hết {3}, {4}: {5}", "{0} {1}: approval {2} until {3}, {4}: {5}"),
}
_AT = (" lúc {0}", " at {0}")


def listed(verdicts: Sequence[UnitVerdict], parts: Parts, lang: str) -> None:
    """One line a unit, worst first."""
    shown = show.table(lang, "code", "name", "verdict", "why", "devices", right=["devices"])
    for verdict in sorted(verdicts, key=lambda one: (ORDER.index(one.verdict), one.unit)):
        mark = f"[{INK[verdict.verdict]}]{words.state_glyph(verdict)} {words.state_word(verdict, lang)}[/]"
        name = show.name_of(verdict.unit, parts.live.units)
        why = " · ".join([words.cause(verdict, lang, parts.live.targets), *_beside(verdict, parts, lang)]).lstrip(" ·")
        shown.add_row(verdict.unit, escape(name), mark, escape(why), f"{verdict.reporting}/{verdict.expected}")
    show.print_or(shown, show.said("no_devices", lang))


def _beside(verdict: UnitVerdict, parts: Parts, lang: str) -> Iterator[str]:
    """What stands beside the verdict, as on the page: ``◷ báo cáo trễ, lần cuối 09:21``, ``✎ miễn trừ``."""
    late = words.late(verdict, lang, parts.catalog.zone)
    if late:
        yield f"{words.silence_glyph(Silence.LATE)} {late}"
    if verdict.waivers:
        yield f"{WAIVED} {text('waived', lang)}"


def detailed(verdict: UnitVerdict, parts: Parts, lang: str, *, past: bool) -> None:
    """The unit with every requirement. Of a `past` verdict it is said when it was."""
    unit, zone = parts.live.units[verdict.unit], parts.catalog.zone
    when = _AT[lang == "en"].format(show.instant(verdict.at, zone)) if past else ""
    show.console().print(f"[bold]{escape(unit.name)}[/] ({unit.code}){when}", highlight=False)
    headline = words.headline(verdict, unit, lang, parts.live.targets, zone)
    glyph = f"[{INK[verdict.verdict]}]{words.state_glyph(verdict)}[/]"
    show.console().print(f"{glyph} {escape(headline)}", highlight=False)
    if verdict.expected:
        _requirements(verdict, lang)
    titles = {line.id: line.title.get(lang, line.id) for line in verdict.requirements}
    for waiver in verdict.waivers:
        show.tell(_waiver(waiver, titles.get(waiver.requirement, waiver.requirement), lang, zone))


def _requirements(verdict: UnitVerdict, lang: str) -> None:
    wide = show.console().width >= show.WIDE
    shown = show.table(lang, "what", "verdict", "value", "need", *(["source"] if wide else []), right=["value"])
    for line in verdict.requirements:
        state = f"[{INK[line.state]}]{words.verdict_glyph(line.state)} {words.verdict_word(line.state, lang)}[/]"
        row = [escape(line.title.get(lang, line.id)), f"{state} {WAIVED}" if line.waiver else state]
        row += [escape(_value(line, lang)), escape(words.need(line, lang))]
        shown.add_row(*row, *([escape(line.source.get(lang, ""))] if wide else []))
    show.console().print(shown)


def _value(line: RequirementState, lang: str) -> str:
    return words.reason_word(line.reason, lang) if line.value is None else quantity(line.value, line.unit, lang)


def _waiver(one: Waiver, title: str, lang: str, zone: ZoneInfo) -> str:
    """``✎ Tuổi máy trạm: miễn trừ 3197304f đến hết 31/12/2026, Lê An: máy mới về ngày 15/12``."""
    until = show.until(one.expires_at, zone)
    return _WAIVER[one.kind][lang == "en"].format(WAIVED, title, one.id, until, one.author, one.reason)


def explained(lines: Sequence[str]) -> None:
    """A derivation, as :func:`collector.readiness.explained.lines` tells it."""
    for line in lines:
        show.tell(line) if line else click.echo()
