"""Only what a receiver cannot take is dropped, and it is found in few requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.remote.parcel import Parcel
from collector.remote.proto import Point, series

SERIES = [series([("__name__", name)]) for name in "abc"]
Judge = Callable[[list[Point]], str]


def delivered(points: list[Point], judge: Judge) -> tuple[list[Point], int, int]:
    """What arrived, how many were dropped, in how many requests; `judge` refuses a request for a reason."""
    parcel, arrived, dropped, requests = Parcel(points), [], 0, 0
    while sent := parcel.next:
        requests += 1
        reason = judge(sent)
        if reason:
            dropped += parcel.refused(reason)
        else:
            assert parcel.taken() == len(sent)
            arrived += sent
    return arrived, dropped, requests


def points(count: int) -> list[Point]:
    return [(SERIES[number % 3], number // 3, float(number)) for number in range(count)]


@given(st.integers(1, 300), st.integers(-5, 120), st.sets(st.integers(0, 299), max_size=6))
def test_the_good_arrive_and_the_bad_are_counted(count: int, floor: int, poisoned: set[int]) -> None:
    """Some too old, some poisoned, in any mixture, whichever the receiver names first."""

    def judge(sent: list[Point]) -> str:
        if any(value in poisoned for _, at, value in sent if at >= floor):
            return "duplicate"
        return "too_old" if any(at < floor for _, at, _ in sent) else ""

    found, dropped, _ = delivered(points(count), judge)
    wanted = [point for point in points(count) if point[1] >= floor and point[2] not in poisoned]
    assert sorted(found, key=lambda point: point[2]) == wanted
    assert dropped == count - len(wanted)


def test_one_poisoned_among_thousands_costs_few_requests() -> None:
    """Halving: two a step."""
    found, dropped, requests = delivered(points(5000), lambda sent: "refused" * any(v == 3210 for *_, v in sent))
    assert (len(found), dropped) == (4999, 1)
    assert requests <= 2 * 13 + 1


@pytest.mark.parametrize("floor", [1, 3, 700, 1023, 1666])
def test_an_age_limit_is_found_in_few_requests(floor: int) -> None:
    """However many thousands are older."""
    found, dropped, requests = delivered(points(5000), lambda sent: "too_old" * any(at < floor for _, at, _ in sent))
    assert (len(found), dropped) == (5000 - 3 * floor, 3 * floor)
    assert requests <= 3 * 13 + 1


def test_each_series_arrives_in_order() -> None:
    """Parts are cut by time, the older first."""
    found, _, _ = delivered(points(999), lambda sent: "refused" * (len(sent) > 10))
    for one in SERIES:
        times = [at for each, at, _ in found if each is one]
        assert times == sorted(times)
        assert len(times) == 333


def test_what_ages_on_the_way_is_dropped_before_it_is_sent() -> None:
    """And nothing else; with the last of it the parcel is done."""
    parcel = Parcel(points(30))
    assert parcel.age(4) == 12
    assert min(at for _, at, _ in parcel.next) == 4
    assert (parcel.age(4), parcel.age(100), parcel.next) == (0, 18, [])
