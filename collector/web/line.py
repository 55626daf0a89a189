"""What a unit's page says of its line: the counters first, then what tests found. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

from collector.evidence import words
from collector.evidence.account import Account, Shown
from collector.evidence.summary import Contract, Quantity, Spread
from collector.web import hours
from collector.web.faces import FACES, Face
from collector.web.hours import NARROW, WIDE, Hour, Row
from collector.web.i18n import text

SHOWN = 6
"""Measurements that the page shows one by one; the command line has more."""
CHARTS = {"down": "download", "loaded": ""}
"""What is drawn by the hour, and the way whose contract is drawn with it."""


class Figure(Struct, frozen=True):
    """A quantity, in words."""

    title: str
    last: str
    at: int
    week: tuple[str, str, str]
    month: tuple[str, str, str]


class Promise(Struct, frozen=True):
    """A direction against the contract."""

    title: str
    said: list[str]


class Chart(Struct, frozen=True):
    title: str
    wide: Markup
    narrow: Markup


class Test(Struct, frozen=True):
    """One measurement."""

    number: int
    at: int
    check: str
    found: str
    counts: str
    face: Face


class LineView(Struct, frozen=True):
    """``face`` is of the counters' word; ``left_out`` what counts for nothing, in words with numbers."""

    passive: str
    face: Face | None
    figures: list[Figure]
    contract: list[Promise]
    charts: list[Chart]
    tests: list[Test]
    left_out: str


def build(found: Account, lang: str) -> LineView:
    """Of `found`."""
    charts = [chart for name in CHARTS if (chart := _chart(found, name, lang)) is not None]
    return LineView(
        passive=words.passive(found.passive, lang),
        face=FACES.get(found.passive.full),
        figures=[_figure(name, told, lang) for name, told in found.quantities.items()],
        contract=[_promise(way, told, lang) for way, told in found.contract.items()],
        charts=charts,
        tests=[_test(one, lang) for one in found.newest[:SHOWN]],
        left_out="; ".join(f"{words.invalid(code, lang)}: {count}" for code, count in found.invalid.items()),
    )


def _figure(name: str, told: Quantity, lang: str) -> Figure:
    week, month = (_spread(spread, told.unit, lang) for spread in (told.week, told.month))
    return Figure(text(f"q_{name}", lang), words.shown(told.last, told.unit, lang), told.last_at, week, month)


def _spread(spread: Spread, unit: str, lang: str) -> tuple[str, str, str]:
    """Median, P95 and how many."""
    values = ["—" if value is None else words.shown(value, unit, lang) for value in (spread.median, spread.p95)]
    return values[0], values[1], str(spread.count)


def _promise(way: str, told: Contract, lang: str) -> Promise:
    title = f"{words.way(way, lang).capitalize()}, {words.contracted(told, lang)}"
    return Promise(title, words.contract(told, lang))


def _chart(found: Account, name: str, lang: str) -> Chart | None:
    told = found.quantities.get(name)
    if told is None or not told.hours:
        return None
    lowest = name != "loaded"
    rows = [_row(told, weekend, lang, lowest=lowest) for weekend in (False, True)]
    promised = found.contract.get(CHARTS[name])
    title = text("by_hour", lang, what=text(f"q_{name}", lang))
    if promised:
        title += text("dashed", lang, what=words.contracted(promised, lang))
    drawn = [hours.strip(rows, promised.payload if promised else None, title, width=width) for width in (WIDE, NARROW)]
    return Chart(title, drawn[0], drawn[1])


def _row(told: Quantity, weekend: bool, lang: str, *, lowest: bool) -> Row:
    """With its worst hour named, where there are several."""
    bars: Sequence[Hour] = [
        Hour(cell.hour, cell.median, text("hour_cell", lang, hour=cell.hour, value=said, count=cell.count))
        for cell in told.hours
        if cell.weekend is weekend and (said := words.shown(cell.median, told.unit, lang))
    ]
    label = text("weekends" if weekend else "workdays", lang)
    if len(bars) < 2:
        return Row(label, bars)
    worst = (min if lowest else max)(bars, key=lambda bar: bar.value)
    value = words.shown(worst.value, told.unit, lang)
    said = text("worst_low" if lowest else "worst_high", lang, value=value, hour=worst.hour)
    return Row(f"{label}: {said}", bars, worst.hour)


def _test(one: Shown, lang: str) -> Test:
    face = FACES["unknown" if one.valid else "ready" if one.outcome == "ok" else "not_ready"]
    counts = words.validity(one.valid, lang)
    return Test(one.id, one.at, text(f"check_{one.check}", lang), words.figures(one, lang), counts, face)
