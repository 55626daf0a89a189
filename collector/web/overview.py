"""The first page's contents: the sentence, the counts, the tiles and the list of units, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup
from msgspec import Struct

from collector.board import Board
from collector.readiness import words
from collector.readiness.model import Transition, Unit, UnitVerdict, Verdict
from collector.readiness.text import quantity
from collector.units import fold, sort_key
from collector.web import svg, tiles
from collector.web.faces import FACES, Face, of, of_unit
from collector.web.format import SECOND, ago, signed
from collector.web.i18n import text

DAY = 86_400 * SECOND
SORTS = ("worst", "name", "since")


class Query(Struct, frozen=True):
    """What the address asks for. Unknown values mean "everything" and "worst first"."""

    q: str = ""
    verdict: str = ""
    sort: str = "worst"

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.verdict)


class Count(Struct, frozen=True):
    face: Face
    units: int


class Reason(Struct, frozen=True):
    """The one reason: what, how much, and how much would do."""

    what: str
    value: str = ""
    need: str = ""


class UnitRow(Struct, frozen=True):
    unit: Unit
    face: Face
    reason: Reason
    since: int
    bar: Markup
    reporting: int
    expected: int


class Overview(Struct, frozen=True):
    sentence: str
    counts: list[Count]
    tiles: Markup
    rows: list[UnitRow]
    total: int


def query_of(q: str, verdict: str, sort: str) -> Query:
    return Query(q.strip()[:100], verdict if verdict in FACES else "", sort if sort in SORTS else "worst")


class Builder:
    """Builds overviews of one board. Keeps what does not change: the tiles' places, the folded names."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._cells: dict[str, tiles.Cell] = {}
        self._names: dict[str, str] = {}
        self._known: dict[str, Unit] | None = None

    async def build(self, query: Query, now: int, lang: str) -> Overview:
        self._learn()
        verdicts = self._board.verdicts
        history = by_unit(await self._board.changes(now - 7 * DAY))
        shown = [code for code in self._board.units if self._matches(code, query)]
        return Overview(
            sentence=sentence(verdicts, ready_at(verdicts, history, now - DAY), lang),
            counts=counts(verdicts.values()),
            tiles=self._tiles(set(shown), lang),
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
        if query.verdict and of_unit(self._board.verdicts[code]).key != query.verdict:
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
        reason = main_reason(verdict, now, lang)
        unit = self._board.units[code]
        return UnitRow(unit, face, reason, verdict.since, bar, verdict.reporting, verdict.expected)

    def _tiles(self, shown: set[str], lang: str) -> Markup:
        squares: list[svg.Tile] = []
        for code, unit in self._board.units.items():
            face = of_unit(self._board.verdicts[code])
            column, row = self._cells[code]
            title = f"{unit.name}: {face.word(lang)}"
            squares.append(svg.Tile(column, row, face, title, f"/units/{code}", code not in shown))
        return svg.tile_map(squares, text("map", lang), text("map_about", lang))


def by_unit(transitions: Iterable[Transition]) -> dict[str, list[Transition]]:
    found: dict[str, list[Transition]] = {}
    for transition in transitions:
        found.setdefault(transition.unit, []).append(transition)
    return found


def ready_at(verdicts: dict[str, UnitVerdict], history: dict[str, list[Transition]], at: int) -> int | None:
    """How many units were ready at `at` (µs); None when nothing was judged as early as that."""
    ready, known = 0, False
    for code, verdict in verdicts.items():
        state = state_at(history.get(code, []), (verdict.verdict, verdict.since), at)
        known, ready = known or state != "", ready + (state == "ready")
    return ready if known else None


def state_at(history: Sequence[Transition], present: tuple[str, int], at: int) -> str:
    """The state at `at`: ``old`` of the first transition after it, else the present one; "" before the first."""
    for transition in history:
        if transition.at > at:
            return transition.old
    state, since = present
    return state if history or since <= at else ""


def spans_of(history: Sequence[Transition], present: tuple[str, int], start: int, end: int) -> list[svg.Span]:
    """The states between `start` and `end` (µs) as spans; a time before the first verdict has none."""
    edges: list[tuple[int, str]] = [(start, state_at(history, present, start))]
    edges += [(change.at, change.new) for change in history if start < change.at <= end]
    if not history and present[1] > start:
        edges.append((present[1], present[0]))
    until = [at for at, _ in edges[1:]] + [end]
    return [svg.Span(at, stop, of(state)) for (at, state), stop in zip(edges, until, strict=True) if state]


def summary(spans: Sequence[svg.Span], lang: str) -> str:
    """``sẵn sàng 96 %, có nguy cơ 4 %``: the bar in words."""
    shares: dict[str, int] = {}
    for span in spans:
        shares[span.face.key] = shares.get(span.face.key, 0) + span.end - span.start
    total = sum(shares.values()) or 1
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{FACES[key].word(lang)} {100 * share / total:.0f} %" for key, share in ordered)


def counts(verdicts: Iterable[UnitVerdict]) -> list[Count]:
    """Units by state, in the order of attention; states nobody is in are left out."""
    found: dict[str, int] = {}
    for verdict in verdicts:
        key = of_unit(verdict).key
        found[key] = found.get(key, 0) + 1
    return [Count(face, found[key]) for key, face in FACES.items() if key in found]


def sentence(verdicts: dict[str, UnitVerdict], ready_before: int | None, lang: str) -> str:
    """``151/168 sẵn sàng, +4 so với hôm qua; 5 chưa sẵn sàng, 12 có nguy cơ.`` Silent units count as unknown, units
    that nobody has enrolled by themselves."""
    found = {count.face.key: count.units for count in counts(verdicts.values())}
    ready, change = found.get("ready", 0), ""
    if ready_before is not None:
        delta = ready - ready_before
        change = text("change", lang, delta=signed(delta)) if delta else text("change_none", lang)
    unknown = sum(found.get(key, 0) for key in ("lost_contact", "no_data", "unknown"))
    told = [(found.get(key, 0), FACES[key].word(lang)) for key in ("not_ready", "at_risk")]
    told += [(unknown, text("not_known", lang)), (found.get("never_enrolled", 0), FACES["never_enrolled"].word(lang))]
    # No break inside a part, so that no line ends with a bare number.
    parts = ", ".join(f"{units} {word}".replace(" ", "\N{NO-BREAK SPACE}") for units, word in told if units)
    rest = f"; {parts}" if parts else ""
    return text("sentence", lang, ready=ready, total=len(verdicts), change=change, rest=rest)


def main_reason(verdict: UnitVerdict, now: int, lang: str) -> Reason:
    """Why the unit is not ready, in one line: what is silent, or the first requirement that decided."""
    if verdict.silence:
        heard = verdict.last_seen
        return Reason(text("last_heard", lang, ago=ago(heard, now, lang)) if heard else text("no_device_yet", lang))
    if verdict.verdict == "ready":
        return Reason(text("all_met", lang))
    found = words.deciding(verdict)
    if found is None:
        return Reason(text("few_report", lang, reporting=verdict.reporting, expected=verdict.expected))
    if found.value is None or found.state is Verdict.UNKNOWN:
        return Reason(
            found.title[lang], words.reason_word(found.reason, lang) if found.reason else text("no_value", lang)
        )
    return Reason(found.title[lang], quantity(found.value, found.unit, lang), words.need(found, lang))
