"""How ``readiness path`` shows what would make units ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape

from collector import show
from collector.readiness import pathwords, ranking
from collector.readiness.fixes import Path
from collector.readiness.model import Bilingual, Unit
from collector.readiness.text import number
from collector.web.i18n import text

_WORDS = {
    "mute": (
        "Chưa nhận được gì từ đơn vị này nên chưa biết cần làm gì.",
        "Nothing is heard of this unit, so what it needs is not known.",
    ),
    "bill": ("Cần mua, cần làm:", "To buy and to do:"),
    "none": ("{0} chưa đủ cho đơn vị nào.", "{0}: too little to make a unit ready."),
    "one": ("{0} đủ cho 1 đơn vị ({2}).", "{0} make 1 unit ready ({2})."),
    "several": ("{0} đủ cho {1} đơn vị ({2}).", "{0} make {1} units ready ({2})."),
}


def _word(name: str, lang: str, *values: object) -> str:
    return _WORDS[name][lang == "en"].format(*values)


def path(found: Path | None, titles: Mapping[str, Bilingual], lang: str) -> None:
    """What one unit needs; None where nothing is known of it."""
    told = [_word("mute", lang)]
    if found is not None:
        told = pathwords.lines(found, lang, lambda name: titles.get(name, {}).get(lang, name))
    for line in told:
        show.tell(line)


def city(paths: Sequence[Path], units: Mapping[str, Unit], lang: str, budget: int | None) -> None:
    """The units, cheapest first, what all of it comes to, and the bill."""
    ranked = ranking.ranked(paths)
    shown = show.table(lang, "code", "name", "todo", "total", right=["total"])
    for row in ranked:
        total = pathwords.money(row.total, lang) if row.enough else "—"
        told = pathwords.sentence(row.path, lang, most=3)
        shown.add_row(row.path.unit, escape(show.name_of(row.path.unit, units)), escape(told), total)
    if ranked:
        show.console().print(shown)
    show.tell(pathwords.outlook(ranked, lang))
    if mute := len(units) - len(paths):
        show.tell(text("plan_unheard", lang, count=number(mute, lang)))
    if budget is not None and any(row.enough for row in ranked):
        show.tell(_reach(ranked, budget, lang))
    _bill(ranking.bill(paths), lang)


def _reach(ranked: Sequence[ranking.Ranked], budget: int, lang: str) -> str:
    """How far the money goes."""
    count, cost = ranking.within(ranked, budget)
    name = "none" if not count else ("one" if count == 1 else "several")
    return _word(name, lang, pathwords.money(budget, lang), number(count, lang), pathwords.money(cost, lang))


def _bill(bill: Sequence[ranking.Line], lang: str) -> None:
    if not bill:
        return
    show.tell(_word("bill", lang))
    shown = show.table(lang, "item", "many", "cost", "units", right=["many", "cost", "units"])
    for line in bill:
        cost = pathwords.money(line.cost, lang)
        shown.add_row(escape(line.title[lang]), escape(pathwords.counted(line, lang)), cost, number(line.units, lang))
    show.console().print(shown)
