"""Every unit gets a square of its own, near where it lies."""

from __future__ import annotations

from itertools import pairwise

import pytest

from collector import units
from collector.readiness.model import Unit
from collector.web import tiles
from tests.collector.web.fakes import ROOT

COUNTRY = units.load(ROOT / "configs" / "units.csv")


def unit(code: str, lat: float, lon: float) -> Unit:
    return Unit(code=code, name=code, kind="Xã", province_code="79", province="", lat=lat, lon=lon)


@pytest.mark.parametrize(("province", "count"), [("79", 168), ("01", 126), ("22", 54), ("92", 103)])
def test_no_unit_is_hidden_by_another(province: str, count: int) -> None:
    """As many squares as units, on a grid that is not much larger."""
    cells = tiles.place(units.of_province(COUNTRY, province).values())
    assert len(set(cells.values())) == len(cells) == count
    columns, rows = max(x for x, _ in cells.values()) + 1, max(y for _, y in cells.values()) + 1
    assert columns * rows < 2 * count
    assert min(x for x, _ in cells.values()) == min(y for _, y in cells.values()) == 0


def test_the_north_is_up_and_the_east_is_right() -> None:
    """Nine times in ten, for units that lie 16 km apart or more."""
    mine = units.of_province(COUNTRY, "79")
    cells = tiles.place(mine.values())
    pairs = [(mine[a], mine[b], cells[a], cells[b]) for a in mine for b in mine]
    north = [p[1] < q[1] for a, b, p, q in pairs if a.lat > b.lat + 0.15]
    east = [p[0] > q[0] for a, b, p, q in pairs if a.lon > b.lon + 0.15]
    assert sum(north) / len(north) > 0.9
    assert sum(east) / len(east) > 0.9


def test_an_island_far_away_costs_no_empty_sea() -> None:
    """Between used rows, and between used columns, at most one stays empty."""
    crowd = [unit(f"{i:05}", 10 + i / 100, 106 + (i * 7 % 10) / 100) for i in range(20)]
    cells = tiles.place([*crowd, unit("99999", 2.0, 120.0)])
    for axis in (0, 1):
        used = sorted({cell[axis] for cell in cells.values()})
        assert all(after - before <= 2 for before, after in pairwise(used))


def test_the_same_units_always_stand_in_the_same_place() -> None:
    """The order in which units come does not matter."""
    mine = list(units.of_province(COUNTRY, "22").values())
    assert tiles.place(mine) == tiles.place(reversed(mine))


def test_few_and_equal_places_are_no_trouble() -> None:
    """None, one, or several units on one spot."""
    assert tiles.place([]) == {}
    assert tiles.place([unit("00001", 10.0, 106.0)]) == {"00001": (0, 0)}
    cells = tiles.place([unit(f"{i:05}", 10.0, 106.0) for i in range(9)])
    assert len(set(cells.values())) == 9
