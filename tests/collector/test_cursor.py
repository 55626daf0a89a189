"""Which numbers are new: the heart of "nothing stored is double"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.wire import Gap
from collector.store.cursor import LOST, MAX_RANGES, Cursor, TooManyHoles, admit, decode, encode

NUMBERS = st.lists(st.integers(1, 60), max_size=30)


@given(st.lists(NUMBERS, max_size=12))
def test_every_number_is_new_exactly_once_in_whatever_order_it_comes(batches: list[list[int]]) -> None:
    """The cursor agrees with a plain set."""
    cursor, seen = Cursor(), set[int]()
    for numbers in batches:
        fresh, gaps = admit(cursor, numbers, 0, [])
        assert fresh == set(numbers) - seen
        assert gaps == []
        seen |= fresh
        assert {n for n in range(1, 70) if cursor.holds(n)} == seen
        assert cursor.low == next(n for n in range(1, 70) if n not in seen)


@given(NUMBERS, st.integers(0, 60))
def test_what_is_below_the_oldest_and_never_came_is_lost_and_says_so(numbers: list[int], oldest: int) -> None:
    """Every number below `oldest` is either held or in a gap, never both."""
    cursor = Cursor()
    fresh, gaps = admit(cursor, numbers, oldest, [])
    missing = [n for gap in gaps for n in range(gap.first, gap.last + 1)]
    assert all(gap.reason == LOST for gap in gaps)
    assert sorted(missing) == [n for n in range(1, oldest) if n not in fresh]
    assert cursor.low >= oldest


@given(NUMBERS)
def test_ranges_stay_apart_and_in_order(numbers: list[int]) -> None:
    """Touching ranges join, so the stored form is the shortest."""
    cursor = Cursor()
    admit(cursor, numbers, 0, [])
    edges = [cursor.low, *(edge for pair in cursor.ahead for edge in pair)]
    assert edges == sorted(set(edges))


def test_a_declared_gap_keeps_its_reason_and_only_counts_what_is_missing() -> None:
    """Numbers that came after all are not declared away."""
    cursor = Cursor()
    admit(cursor, [1, 2, 5], 0, [])
    _, gaps = admit(cursor, [], 0, [Gap(3, 7, "spool_cap")])
    assert gaps == [Gap(3, 4, "spool_cap"), Gap(6, 7, "spool_cap")]
    assert (cursor.low, cursor.ahead) == (8, [])


def test_a_gap_is_found_once() -> None:
    """A replay of the same batch brings the same gap, and nothing new."""
    cursor = Cursor()
    admit(cursor, [5], 5, [])
    assert admit(cursor, [5], 5, []) == (set(), [])


def test_an_agent_whose_numbers_are_scattered_is_told_to_send_in_order() -> None:
    """The stored form has a bound."""
    with pytest.raises(TooManyHoles):
        admit(Cursor(), list(range(2, 2 * MAX_RANGES + 6, 2)), 0, [])


def test_a_stored_cursor_comes_back_the_same() -> None:
    """Both epochs, with what is ahead."""
    cursors = {1: Cursor(7, [(9, 12), (15, 16)]), 1_700_000_000: Cursor()}
    assert decode(encode(cursors)) == cursors
