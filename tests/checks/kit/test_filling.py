"""The trend of a volume: when it is believed, and what it says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import filling
from checks.kit.filling import APART, MIB, MOST, Point, Trend, extended, trend

GIB = 1 << 30
DAY = 86400
BEGIN = 1_794_200_400  # 2026-11-09 08:00 in Viet Nam
SIZE = 250 * GIB


def days(*free_gib: float) -> list[Point]:
    """One point a day."""
    return [(BEGIN + index * DAY, round(value * 1024)) for index, value in enumerate(free_gib)]


def test_a_volume_that_fills_by_a_gibibyte_a_day_is_full_in_as_many_days() -> None:
    """The plainest case, exactly."""
    points = days(*range(40, 30, -1))
    found = trend(points, 31 * GIB)
    assert found.state == "filling"
    assert found.rate == pytest.approx(GIB / DAY)
    assert found.seconds == pytest.approx(31 * DAY)


def test_a_large_file_that_came_and_went_moves_nothing() -> None:
    """A quarter of the points may be anything: that is what the median of slopes is for."""
    points = days(40, 39, 12, 37, 36, 35, 13, 33, 32, 31)
    found = trend(points, 31 * GIB)
    assert found.state == "filling"
    assert found.rate == pytest.approx(GIB / DAY, rel=0.1)


@pytest.mark.parametrize(
    "free",
    [
        (40, 41, 39, 40, 41, 40, 39, 40),
        (30, 31, 32, 33, 34, 35),
        (40, 40, 40, 40, 40),
        (40, 40, 40, 40, 40, 40, 40, 39),
        (40, 39.9999, 39.9998, 39.9997, 39.9996, 39.9995),
    ],
)
def test_breathing_emptying_and_standing_still_is_steady(free: tuple[float, ...]) -> None:
    """Also what would be full in some hundred years."""
    assert trend(days(*free), 40 * GIB) == Trend("steady")


@pytest.mark.parametrize("points", [[], days(40), days(40, 39, 38), [(BEGIN + 6 * 3600 * n, 9) for n in range(12)]])
def test_too_few_points_or_days_say_nothing(points: list[Point]) -> None:
    """Four points over three days at least: an update on a Tuesday is no trend."""
    assert trend(points, GIB) == Trend("unknown")


def test_a_volume_with_nothing_left_is_full_now() -> None:
    """Zero seconds, no division."""
    assert trend(days(4, 3, 2, 1, 0), 0).seconds == 0


def test_one_point_is_kept_per_quarter_day() -> None:
    """However often somebody runs the check."""
    points = extended([], BEGIN, 40 * GIB, SIZE)
    assert extended(points, BEGIN + 60, 39 * GIB, SIZE) == points
    assert extended(points, BEGIN + APART, 39 * GIB, SIZE) == [*points, (BEGIN + int(APART), 39 * 1024)]


def test_a_cleaned_up_volume_starts_anew() -> None:
    """What was freed by hand says nothing of how fast it fills; a little breathing does not count as that."""
    points = days(10, 9, 8)
    assert extended(points, BEGIN + 3 * DAY, 60 * GIB, SIZE) == [(BEGIN + 3 * DAY, 60 * 1024)]
    assert len(extended(points, BEGIN + 3 * DAY, 9 * GIB, SIZE)) == 4


def test_old_points_and_more_than_sixty_go() -> None:
    """A quarter of a year, and a bounded series."""
    assert extended(days(40), BEGIN + 91 * DAY, 39 * GIB, SIZE) == [(BEGIN + 91 * DAY, 39 * 1024)]
    points: list[Point] = []
    for index in range(100):
        points = extended(points, BEGIN + index * 6 * 3600, 40 * GIB, SIZE)
    assert len(points) == MOST
    assert points[-1][0] == BEGIN + 99 * 6 * 3600


def test_points_of_the_future_were_written_under_a_wrong_clock() -> None:
    """They go when the clock is right again."""
    assert extended([(BEGIN + 900 * DAY, 5)], BEGIN, 40 * GIB, SIZE) == [(BEGIN, 40 * 1024)]


def test_an_empty_cmos_battery_costs_no_history() -> None:
    """In January 2000 every point lies in the future."""
    points = days(40, 39, 38)
    assert extended(points, 946_684_800.0, 37 * GIB, SIZE) == points


SERIES = st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), max_size=MOST)


@given(SERIES, st.floats(-1e12, 1e13), st.integers(0, 2**60), st.integers(1, 2**60))
def test_any_series_is_extended_and_judged(points: list[Point], now: float, free: int, size: int) -> None:
    """A file on a PC may hold anything that has the right types."""
    kept = extended(points, now, free, size)
    assert len(kept) <= MOST
    found = trend(kept, free)
    assert (found.seconds is not None) == (found.state == "filling")
    if found.seconds is not None and found.rate is not None:
        assert 0 <= found.seconds < math.inf
        assert found.rate > 0


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=20), st.integers(1, 10**6))
def test_a_trend_does_not_depend_on_when_it_began_or_on_a_constant(free: list[int], more: int) -> None:
    """Shifted in time and level, the slope is the same."""
    points = [(BEGIN + index * DAY, value) for index, value in enumerate(free)]
    moved = [(when + 40 * DAY, value + more) for when, value in points]
    here, there = trend(points, 5 * MIB), trend(moved, 5 * MIB)
    assert here.state == there.state
    assert here.rate == pytest.approx(there.rate)


def test_sixty_points_are_judged_in_no_time() -> None:
    """All 1,770 pairs: the exact median of a perfect line."""
    points = [(BEGIN + index * 6 * 3600, 100_000 - 50 * index) for index in range(MOST)]
    assert trend(points, GIB).rate == pytest.approx(200 * MIB / DAY)
    assert filling.trend(points, GIB).state == "filling"
