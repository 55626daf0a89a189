"""The city's shortest paths by effect per cost, what a budget makes ready, and what is to be bought in all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from collector.readiness.fixes import Fix, Path
from collector.readiness.model import Bilingual


class Ranked(Struct, frozen=True, kw_only=True):
    """A unit's path in its place. ``enough`` says whether the path makes the unit ready for ``path.cost``: nothing of
    it is unknown, unmet or without a price. ``units`` and ``total`` (đồng) add up from the first one on."""

    path: Path
    weight: float
    enough: bool
    units: int
    total: int


class Line(Struct, frozen=True, kw_only=True):
    """One item of the bill of quantities. ``quantity`` is in ``measure``, ``unit_price`` and ``cost`` in đồng, None
    where nobody knows; ``units`` is how many need it. Of what is done once for all of them there is one, or one for
    each system."""

    item: str
    title: Bilingual
    measure: Bilingual
    owner: Bilingual
    source: Bilingual
    quantity: float
    unit_price: int | None
    cost: int | None
    units: int
    single: Bilingual = {}


def ranked(paths: Iterable[Path], weights: Mapping[str, float] | None = None) -> list[Ranked]:
    """The paths by effect per cost: those that cost least per ``weights`` of the unit made ready (by code; 1 where
    not given) first, then those of fewer fixes, then by code.

    Behind them, in the same order, those that do not make their unit ready for what they cost; their units and money
    are not added up. A unit that needs nothing has no place. What is done once for all units is paid for by the first
    that needs it; but for that, with equal weights no other order makes more units ready within any budget.
    """
    given = weights or {}
    open_ones = [path for path in paths if path.fixes or path.unmet or path.unknown]
    rows: list[Ranked] = []
    units = total = 0
    done: set[tuple[str, str]] = set()
    for path in sorted(open_ones, key=lambda path: _order(path, given.get(path.unit, 1.0))):
        enough = _enough(path)
        if enough:
            units, total = units + 1, total + path.cost - _paid(path, done)
            done |= _shared(path)
        weight = given.get(path.unit, 1.0)
        rows.append(Ranked(path=path, weight=weight, enough=enough, units=units, total=total))
    return rows


def bill(paths: Iterable[Path]) -> list[Line]:
    """What all `paths` need together, dearest first, then what has no price, then what costs nothing."""
    needed: dict[str, list[Fix]] = {}
    for path in paths:
        for fix in path.fixes:
            needed.setdefault(fix.item, []).append(fix)
    return sorted((_line(fixes) for fixes in needed.values()), key=_dearest)


def within(rows: Iterable[Ranked], budget: int) -> tuple[int, int]:
    """How many units `budget` (đồng) makes ready in the order of `rows`, and what that costs."""
    reached = [(row.units, row.total) for row in rows if row.enough and row.total <= budget]
    return max(reached, default=(0, 0))


def _enough(path: Path) -> bool:
    return not (path.unmet or path.unknown or path.unpriced)


def _shared(path: Path) -> set[tuple[str, str]]:
    """What of the path is done once for all units: item and system, the system empty where it is of none."""
    return {(fix.item, target) for fix in path.fixes if fix.once for target in fix.targets or ("",)}


def _paid(path: Path, done: set[tuple[str, str]]) -> int:
    """How much (đồng) of the path's cost is for what is `done` already."""
    prices = {fix.item: fix.unit_price or 0 for fix in path.fixes}
    return sum(prices[item] for item, _ in _shared(path) & done)


def _order(path: Path, weight: float) -> tuple[bool, float, int, str]:
    per_effect = path.cost / weight if weight > 0 else float("inf")
    return not _enough(path), per_effect, len(path.fixes), path.unit


def _line(fixes: list[Fix]) -> Line:
    first = fixes[0]
    once = {target for fix in fixes for target in fix.targets or ("",)} if first.once else None
    quantity = sum(fix.quantity for fix in fixes) if once is None else len(once)
    return Line(
        item=first.item,
        title=first.title,
        measure=first.measure,
        owner=first.owner,
        source=first.source,
        quantity=quantity,
        unit_price=first.unit_price,
        cost=None if first.unit_price is None else round(first.unit_price * quantity),
        units=len(fixes),
        single=first.single,
    )


def _dearest(line: Line) -> tuple[int, int, str]:
    rank = 1 if line.cost is None else (0 if line.cost else 2)
    return rank, -(line.cost or 0), line.item
