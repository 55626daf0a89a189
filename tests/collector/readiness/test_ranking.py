"""The city's paths by effect per cost, what a budget reaches, and the bill of quantities."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from collector.readiness.fixes import Fix, Path
from collector.readiness.ranking import bill, ranked, within

MILLION = 1_000_000


def fix(item: str, quantity: int = 1, price: int | None = MILLION) -> Fix:
    return Fix(
        item=item, title={"en": item}, quantity=quantity, measure={"en": "pieces"}, unit_price=price,
        cost=None if price is None else price * quantity, owner={"en": "the ward"}, source={"en": "[A] test"},
    )  # fmt: skip


def report(*targets: str, price: int = 0) -> Fix:
    """What is done for every unit when one has done it."""
    many = len(targets) or 1
    return Fix(
        item="report", title={"en": "report"}, quantity=many, measure={"en": "systems"}, unit_price=price,
        cost=many * price, targets=targets, once=True,
    )  # fmt: skip


def path(unit: str, *fixes: Fix, unmet: tuple[str, ...] = (), unknown: tuple[str, ...] = ()) -> Path:
    known = [one.cost for one in fixes if one.cost is not None]
    unpriced = len(fixes) - len(known)
    return Path(unit=unit, fixes=fixes, cost=sum(known), unpriced=unpriced, unmet=unmet, unknown=unknown)


def test_the_cheapest_unit_comes_first_then_that_of_fewer_fixes_then_by_code() -> None:
    dear, two, one, other = (
        path("1", fix("pc", 3)),
        path("2", fix("pc"), fix("clock", 1, 0)),
        path("4", fix("pc")),
        path("3", fix("pc")),
    )
    assert [row.path.unit for row in ranked([dear, two, one, other])] == ["3", "4", "2", "1"]


def test_units_and_money_add_up() -> None:
    rows = ranked([path("1", fix("pc", 3)), path("2", fix("pc", 2)), path("3", fix("clock", 1, 0))])
    assert [(row.units, row.total) for row in rows] == [(1, 0), (2, 2 * MILLION), (3, 5 * MILLION)]
    assert within(rows, 0) == (1, 0)
    assert within(rows, 4 * MILLION) == (2, 2 * MILLION)
    assert within(rows, 9 * MILLION) == (3, 5 * MILLION)
    assert within([], MILLION) == (0, 0)


def test_a_unit_that_counts_more_is_worth_more() -> None:
    """Three millions for ten people are less each than one for two."""
    rows = ranked([path("1", fix("pc", 3)), path("2", fix("pc"))], {"1": 10, "2": 2})
    assert [row.path.unit for row in rows] == ["1", "2"]
    assert [row.path.unit for row in ranked([path("1", fix("pc")), path("2", fix("pc", 9))], {"1": 0})] == ["2", "1"]


def test_what_does_not_make_its_unit_ready_stands_behind_and_is_not_added_up() -> None:
    """One unknown, one unmet, one without a price: the last unit costs most and still comes first."""
    rows = ranked([
        path("1", unknown=("x",)),
        path("2", fix("clock", 1, 0), unmet=("y",)),
        path("3", fix("quote", 1, None)),
        path("4", fix("pc", 9)),
    ])  # fmt: skip
    assert [(row.path.unit, row.enough, row.units, row.total) for row in rows] == [
        ("4", True, 1, 9 * MILLION),
        ("1", False, 1, 9 * MILLION),
        ("2", False, 1, 9 * MILLION),
        ("3", False, 1, 9 * MILLION),
    ]


def test_a_unit_that_needs_nothing_has_no_place() -> None:
    assert ranked([path("1")]) == []


def test_the_bill_adds_up_what_all_units_need_dearest_first() -> None:
    lines = bill([
        path("1", fix("pc", 3), fix("clock", 5, 0)),
        path("2", fix("pc", 1), fix("ups", 1, 6 * MILLION)),
        path("3", fix("quote", 1, None)),
        path("4"),
    ])  # fmt: skip
    assert [(line.item, line.quantity, line.unit_price, line.cost, line.units) for line in lines] == [
        ("ups", 1, 6 * MILLION, 6 * MILLION, 1),
        ("pc", 4, MILLION, 4 * MILLION, 2),
        ("quote", 1, None, None, 1),
        ("clock", 5, 0, 0, 1),
    ]
    assert (lines[0].measure, lines[0].owner, lines[0].source) == (
        {"en": "pieces"},
        {"en": "the ward"},
        {"en": "[A] test"},
    )


def test_what_is_done_once_for_the_city_is_in_its_bill_once() -> None:
    """One call for each system, whoever waits for it; one in all, where it is of no system."""
    (calls,) = bill([path("1", report("a", "b")), path("2", report("b", "c")), path("3", report("b"))])
    assert (calls.quantity, calls.units, calls.cost) == (3, 3, 0)
    (letter,) = bill([path("1", report(price=MILLION)), path("2", report(price=MILLION))])
    assert (letter.quantity, letter.units, letter.cost) == (1, 2, MILLION)


def test_what_is_done_once_for_the_city_is_paid_for_by_the_first_that_needs_it() -> None:
    """So that the last sum is what the bill comes to."""
    paths = [path("1", report("a", price=MILLION)), path("2", report("a", "b", price=MILLION), fix("pc"))]
    rows = ranked(paths)
    assert [(row.path.unit, row.total) for row in rows] == [("1", MILLION), ("2", 3 * MILLION)]
    assert rows[-1].total == sum(line.cost or 0 for line in bill(paths))
    assert within(rows, 3 * MILLION) == (2, 3 * MILLION)


def test_a_path_that_is_not_enough_pays_for_nothing() -> None:
    open_one = path("1", report("a", price=MILLION), unknown=("x",))
    rows = ranked([open_one, path("2", report("a", price=MILLION))])
    assert [(row.path.unit, row.total) for row in rows] == [("2", MILLION), ("1", MILLION)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=7), st.integers(0, 30))
def test_no_other_choice_of_units_makes_more_of_them_ready(costs: list[int], budget: int) -> None:
    rows = ranked(path(str(index), fix("pc", cost)) for index, cost in enumerate(costs))
    most = max(
        size
        for size in range(len(costs) + 1)
        for few in combinations(costs, size)
        if sum(few) * MILLION <= budget * MILLION
    )
    assert within(rows, budget * MILLION)[0] == most
