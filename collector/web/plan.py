"""The city's plan: every unit's shortest path in the order of effect per cost, and what all of it takes."""

from __future__ import annotations

from msgspec import Struct

from collector.board import Board
from collector.readiness.model import Unit
from collector.readiness.pathwords import counted, outlook
from collector.readiness.ranking import Line, Ranked, bill, ranked
from collector.web.faces import Face, of_unit
from collector.web.format import number
from collector.web.shortest import amount


class PathRow(Struct, frozen=True):
    """``ready`` is how many units are ready when this path and those before it are done, ``cumulative`` what that
    costs (đồng); ``open`` what keeps the path from being enough."""

    unit: Unit
    face: Face
    fixes: list[str]
    cost: str
    cumulative: str
    ready: str
    open: list[str]


class BillRow(Struct, frozen=True):
    title: str
    units: str
    quantity: str
    price: str
    cost: str
    owner: str
    source: str


class PlanPage(Struct, frozen=True):
    """``stuck`` are units that their path alone does not make ready for what it costs, ``total`` what the bill comes to
    (đồng), ``unpriced`` how many of its lines are not in it, ``unheard`` of how many units nothing is known."""

    sentence: str
    rows: list[PathRow]
    stuck: list[PathRow]
    bill: list[BillRow]
    total: str
    unpriced: int
    unheard: int = 0


def build(board: Board, lang: str) -> PlanPage:
    """The bill is of all that is told above it, of paths too that are not enough."""
    paths = [path for code in board.units if (path := board.path(code)) is not None]
    places = ranked(paths)
    lines = bill(place.path for place in places)
    return PlanPage(
        sentence=outlook(places, lang),
        rows=[_row(board, place, lang) for place in places if place.enough],
        stuck=[_row(board, place, lang) for place in places if not place.enough],
        bill=[_line(line, lang) for line in lines],
        total=number(sum(line.cost or 0 for line in lines), lang),
        unpriced=sum(line.cost is None for line in lines),
        unheard=len(board.units) - len(paths),
    )


def _row(board: Board, place: Ranked, lang: str) -> PathRow:
    path, verdict = place.path, board.verdicts[place.path.unit]
    titles = {need.id: need.title.get(lang, need.id) for need in verdict.requirements}
    return PathRow(
        unit=board.units[path.unit],
        face=of_unit(verdict),
        fixes=[fix.words.get(lang) or fix.title.get(lang, fix.item) for fix in path.fixes],
        cost=number(path.cost, lang) if path.cost or not path.unpriced else "",
        cumulative=number(place.total, lang),
        ready=f"+{number(place.units, lang)}",
        open=[titles.get(key, key) for key in (*path.unmet, *path.unknown)],
    )


def _line(line: Line, lang: str) -> BillRow:
    return BillRow(
        title=line.title.get(lang, line.item),
        units=number(line.units, lang),
        quantity=counted(line, lang),
        price=amount(line.unit_price, lang),
        cost=amount(line.cost, lang),
        owner=line.owner.get(lang, ""),
        source=line.source.get(lang, ""),
    )
