"""The city's plan, and one unit's shortest path."""

from __future__ import annotations

from msgspec.structs import replace

from collector.readiness.fixes import Path
from collector.web import plan, shortest
from tests.collector.web.fakes import DEVICE, XOM_CHIEU, city
from tests.collector.web.troubled import CALL, LINE, TOKEN, pcs


def test_the_cheapest_unit_comes_first_and_sums_grow() -> None:
    """Units and money add up down the table."""
    board = city()
    cheap, dear, *_ = board.units
    board.paths = {
        dear: Path(unit=dear, fixes=(pcs(3), LINE), cost=46_200_000),
        cheap: Path(unit=cheap, fixes=(LINE,), cost=1_200_000),
    }
    view = plan.build(board, "vi")
    assert [(row.unit.code, row.cost, row.cumulative, row.ready) for row in view.rows] == [
        (cheap, "1.200.000", "1.200.000", "+1"),
        (dear, "46.200.000", "47.400.000", "+2"),
    ]
    assert view.sentence == "2 đơn vị sẵn sàng được với 47,4 triệu đồng."
    assert [(line.title, line.units, line.quantity, line.price, line.cost) for line in view.bill] == [
        ("Thay máy trạm", "1", "3 cái", "15.000.000", "45.000.000"),
        ("Nâng đường truyền lên 200 Mbit/s", "2", "2 cái", "1.200.000", "2.400.000"),
    ]
    assert (view.total, view.unpriced, view.stuck) == ("47.400.000", 0, [])


def test_a_path_that_may_not_suffice_stands_apart() -> None:
    """With what is open, by its title; nobody adds up what is not known."""
    board = city()
    board.paths = {XOM_CHIEU: Path(unit=XOM_CHIEU, fixes=(TOKEN,), unpriced=1, unknown=("age",), unmet=("rtt",))}
    view = plan.build(board, "vi")
    (row,) = view.stuck
    assert (view.rows, row.cost, row.open) == ([], "", ["Độ trễ tới hệ thống bắt buộc", "Tuổi máy trạm"])
    assert (view.total, view.unpriced) == ("0", 1)


def test_a_city_without_a_task_says_so() -> None:
    """No row, no bill."""
    view = plan.build(city(), "en")
    assert (view.rows, view.bill, view.sentence) == ([], [], "Of the units that are heard of, none needs anything.")
    assert view.unheard == len(city().units)


def test_a_units_path_names_its_devices_and_their_owner() -> None:
    """Each with a way there; of many, how many more."""
    many = replace(pcs(20), devices=(DEVICE, *(f"desk-{n}" for n in range(19))))
    verdict = city().verdicts[XOM_CHIEU]
    path = Path(unit=XOM_CHIEU, fixes=(many, CALL), cost=300_000_000)
    view = shortest.build(path, verdict, {DEVICE: "Quầy 3"}, "vi")
    assert view is not None
    assert view.fixes[0].devices[:2] == [("Quầy 3", f"/devices/{DEVICE}"), ("desk-0", "/devices/desk-0")]
    assert (len(view.fixes[0].devices), view.fixes[0].more) == (12, 8)
    assert (view.fixes[0].price, view.fixes[0].cost, view.total) == ("15.000.000", "300.000.000", "300.000.000")
    assert (view.fixes[1].cost, view.fixes[1].owner) == ("0", "nhà cung cấp đường truyền")


def test_a_price_that_nobody_knows_is_not_nothing() -> None:
    """Free is free, unknown is unknown."""
    verdict = city().verdicts[XOM_CHIEU]
    view = shortest.build(Path(unit=XOM_CHIEU, fixes=(TOKEN,), unpriced=1), verdict, {}, "vi")
    assert view is not None
    assert (view.fixes[0].cost, view.total, view.open) == ("", "", "1 việc chưa có giá")
    view = shortest.build(Path(unit=XOM_CHIEU, fixes=(TOKEN, LINE), cost=1_200_000, unpriced=1), verdict, {}, "en")
    assert view is not None
    assert (view.total, view.open) == ("1,200,000", "1 without a known price")
    view = shortest.build(Path(unit=XOM_CHIEU, fixes=(CALL,)), verdict, {}, "en")
    assert view is not None
    assert (view.total, view.open) == ("0", "")


def test_the_bill_says_what_it_holds_and_leaves_out() -> None:
    """Its sum is not that of the units that can be made ready, and units that nobody hears of are in neither."""
    board = city()
    one, other, *_ = board.units
    board.paths = {
        one: Path(unit=one, fixes=(LINE,), cost=1_200_000),
        other: Path(unit=other, fixes=(TOKEN, LINE), cost=1_200_000, unpriced=1),
    }
    view = plan.build(board, "en")
    assert (view.total, view.rows[-1].cumulative, len(view.stuck)) == ("2,400,000", "1,200,000", 1)
    assert view.unheard == len(board.units) - 2


def test_nothing_to_do_is_no_section() -> None:
    """A ready unit, or one of which no path is known yet."""
    verdict = city().verdicts[XOM_CHIEU]
    assert shortest.build(None, verdict, {}, "vi") is None
    assert shortest.build(Path(unit=XOM_CHIEU), verdict, {}, "vi") is None
