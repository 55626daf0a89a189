"""The first page's contents: the sentence, the counts, the tiles, findings and the list of units, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup
from msgspec import Struct

from collector.board import Board
from collector.readiness.model import Silence, Transition, Unit, Waiver
from collector.readiness.text import ZONE
from collector.units import fold, sort_key
from collector.web import findings, svg, tiles
from collector.web.faces import FACES, Face, of_unit
from collector.web.format import SECOND
from collector.web.i18n import text
from collector.web.sentence import Count, Reason, counts, main_reason, sentence
from collector.web.spans import by_unit, ready_at, spans_of, summary

DAY = 86_400 * SECOND
SORTS = ("worst", "name", "since")
FINDINGS = 7
"""As many as stand beside the map; the rest is one click away."""


class Query(Struct, frozen=True):
    """What the address asks for. Unknown values mean "everything" and "worst first"."""

    q: str = ""
    verdict: str = ""
    sort: str = "worst"

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.verdict)


class UnitRow(Struct, frozen=True):
    """``late`` where the unit reports late, which its verdict does not show; ``waived`` counts what holds there."""

    unit: Unit
    face: Face
    reason: Reason
    since: int
    bar: Markup
    reporting: int
    expected: int
    late: bool
    waived: int


class Ending(Struct, frozen=True):
    """Waivers of one unit that expire soon, or have done so lately."""

    unit: Unit
    count: int


class Overview(Struct, frozen=True):
    """``more`` is how many findings there are beside those told. ``soon`` and ``over`` are the units whose waivers
    expire within seven days, and those whose have in the last seven; ``missing`` is what the locality should have and
    nobody has listed."""

    sentence: str
    counts: list[Count]
    tiles: Markup
    findings: list[findings.Row]
    more: int
    soon: list[Ending]
    over: list[Ending]
    missing: str
    rows: list[UnitRow]
    total: int


def query_of(q: str, verdict: str, sort: str) -> Query:
    return Query(q.strip()[:100], verdict if verdict in FACES else "", sort if sort in SORTS else "worst")


class Builder:
    """Builds overviews of one board. Keeps what does not change: the tiles' places, the folded names."""

    def __init__(self, board: Board, zone: ZoneInfo = ZONE) -> None:
        self._board, self._zone = board, zone
        self._cells: dict[str, tiles.Cell] = {}
        self._names: dict[str, str] = {}
        self._known: dict[str, Unit] | None = None

    async def build(self, query: Query, now: int, lang: str) -> Overview:
        self._learn()
        board, verdicts = self._board, self._board.verdicts
        history = by_unit(await board.changes(now - 7 * DAY))
        shown = [code for code in board.units if self._matches(code, query)]
        held = [waiver for verdict in verdicts.values() for waiver in verdict.waivers]
        soon = [waiver for waiver in held if now < waiver.expires_at <= now + 7 * DAY]
        over = [waiver for waiver in await board.expired_waivers(now - 7 * DAY) if waiver.expires_at <= now]
        return Overview(
            sentence=sentence(verdicts, ready_at(verdicts, history, now - DAY), lang),
            counts=counts(verdicts.values()),
            tiles=self._tiles(set(shown), lang),
            findings=[findings.row(finding, board, now, lang, self._zone) for finding in board.findings[:FINDINGS]],
            more=max(0, len(board.findings) - FINDINGS),
            soon=self._endings(soon),
            over=self._endings(over),
            missing=board.missing(lang),
            rows=[self._row(code, history.get(code, []), now, lang) for code in self._sorted(shown, query.sort)],
            total=len(self._board.units),
        )

    def _learn(self) -> None:
        units = self._board.units
        if self._known is not units:
            self._cells = tiles.place(units.values())
            self._names = {code: f"{fold(unit.name)} {code}" for code, unit in units.items()}
            self._known = units

    def _matches(self, code: str, query: Query) -> bool:
        verdict = self._board.verdicts[code]
        if query.verdict and query.verdict not in (of_unit(verdict).key, verdict.silence):
            return False
        return all(word in self._names[code] for word in fold(query.q).split())

    def _sorted(self, codes: Iterable[str], sort: str) -> list[str]:
        verdicts, units = self._board.verdicts, self._board.units
        named = sorted(codes, key=lambda code: (sort_key(units[code].name), code))
        if sort == "worst":
            return sorted(named, key=lambda code: (of_unit(verdicts[code]).rank, verdicts[code].since))
        return sorted(named, key=lambda code: -verdicts[code].since) if sort == "since" else named

    def _row(self, code: str, history: Sequence[Transition], now: int, lang: str) -> UnitRow:
        verdict = self._board.verdicts[code]
        face = of_unit(verdict)
        spans = spans_of(history, (verdict.verdict, verdict.since), now - 7 * DAY, now)
        name = f"{text('days7', lang)}: {summary(spans, lang) or text('no_value', lang)}"
        bar = svg.state_bar(spans, now - 7 * DAY, now, name)
        return UnitRow(
            unit=self._board.units[code],
            face=face,
            reason=main_reason(verdict, now, lang),
            since=verdict.since,
            bar=bar,
            reporting=verdict.reporting,
            expected=verdict.expected,
            late=verdict.silence is Silence.LATE,
            waived=len(verdict.waivers),
        )

    def _endings(self, waivers: Iterable[Waiver]) -> list[Ending]:
        """By unit, in the order of names; of units that the board still has."""
        units = self._board.units
        codes = sorted(waiver.unit for waiver in waivers if waiver.unit in units)
        found = [Ending(units[code], len(list(each))) for code, each in groupby(codes)]
        return sorted(found, key=lambda ending: sort_key(ending.unit.name))

    def _tiles(self, shown: set[str], lang: str) -> Markup:
        squares: list[svg.Tile] = []
        for code, unit in self._board.units.items():
            face = of_unit(self._board.verdicts[code])
            column, row = self._cells[code]
            title = f"{unit.name}: {face.word(lang)}"
            squares.append(svg.Tile(column, row, face, title, f"/units/{code}", code not in shown))
        return svg.tile_map(squares, text("map", lang), text("map_about", lang))
