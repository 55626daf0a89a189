"""Where a lease fits: exactly, for any leases that are held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.leases.slots import full, gap, largest

LOADS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(1, 9)).map(
        lambda one: (one[0], sum(one[:2]), one[2])
    ),
    max_size=12,
)


def load_at(loads: list[tuple[int, int, int]], at: int) -> int:
    return sum(load for begin, end, load in loads if begin <= at < end)


@given(LOADS, st.integers(1, 9), st.integers(1, 10), st.integers(0, 20), st.integers(0, 40))
def test_the_slot_is_the_earliest_that_fits(
    loads: list[tuple[int, int, int]], rate: int, length: int, since: int, more: int
) -> None:
    """Every instant is tried instead."""
    limit, until = 10, since + more
    fits = [
        at
        for at in range(since, until - length + 1)
        if all(load_at(loads, instant) + rate <= limit for instant in range(at, at + length))
    ]
    assert gap(full(loads, rate, limit), length, since, until) == (fits[0] if fits else None)


@given(LOADS)
def test_the_largest_sum_is_that_of_the_fullest_instant(loads: list[tuple[int, int, int]]) -> None:
    """One that ends as another begins is not beside it."""
    assert largest(loads) == max((load_at(loads, at) for at in range(60)), default=0)


def test_leases_that_touch_do_not_overlap() -> None:
    assert gap([(10, 20), (25, 30)], 5, 0, 100) == 0
    assert gap([(3, 20), (25, 30)], 5, 0, 100) == 20
    assert gap([(3, 20), (24, 30)], 5, 0, 100) == 30
    assert gap([(3, 20), (24, 30)], 5, 0, 34) is None
