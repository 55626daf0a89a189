"""Turns in the quiet hours, periods, and times in which nobody loads a line."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.kit.leasing import Denial
from collector.leases import calendar
from collector.leases.calendar import DAY
from collector.leases.model import ALWAYS, SECOND, Calendar, Rehearsal
from collector.readiness.hours import Span
from tests.collector.leases.city import local

OFFICE = Calendar()
LENGTH = 30 * SECOND
UNITS = [f"{26_000 + number} bandwidth" for number in range(168)]


def turn(key: str, now: int, seconds: int = DAY, week: Calendar = OFFICE) -> calendar.Turn:
    return next(calendar.turns(week, seconds, key, LENGTH, now))


def test_the_morning_is_closed_and_the_afternoon_is_neither() -> None:
    """The half-hour before the peak and the time after it are nobody's quiet hours, but open to who stands there."""
    assert calendar.shut(OFFICE, local(7, 29)) is None
    assert calendar.shut(OFFICE, local(7, 30)) == (Denial.CLOSED_WINDOW, local(10, 30), "")
    assert calendar.shut(OFFICE, local(10, 30)) is None
    assert calendar.shut(OFFICE, local(2026, 11, 22, 8, 0)) is None  # a Sunday
    assert calendar.open_until(OFFICE, local(7, 0), local(9, 0)) == local(7, 30)
    assert calendar.open_until(OFFICE, local(11, 0), local(11, 10)) == local(11, 10)
    assert calendar.open_until(ALWAYS, local(11, 0), local(11, 10)) == local(11, 10)


def test_a_rehearsal_closes_what_is_quiet() -> None:
    """For as long as it lasts; it is said which."""
    rehearsed = replace(OFFICE, rehearsals=(Rehearsal(local(12, 0), local(13, 0), "Diễn tập lần 2"),))
    assert calendar.shut(rehearsed, local(12, 30)) == (Denial.REHEARSAL, local(13, 0), "Diễn tập lần 2")
    assert calendar.quiet(rehearsed, date(2026, 11, 20))[:2] == (
        (local(11, 30), local(12, 0)), (local(13, 0), local(13, 30)),
    )  # fmt: skip
    assert calendar.open_until(rehearsed, local(11, 45), local(14, 0)) == local(12, 0)


def test_what_is_closed_goes_before_what_is_quiet() -> None:
    week = Calendar(quiet=(Span(frozenset(range(7)), 600, 720),), closed=(Span(frozenset(range(7)), 660, 690),))
    assert calendar.quiet(week, date(2026, 11, 20)) == ((local(10, 0), local(11, 0)), (local(11, 30), local(12, 0)))


@given(st.integers(local(2026, 1, 1, 0), local(2027, 1, 1, 0)), st.sampled_from(UNITS))
def test_a_turn_is_still_to_come_and_has_room(now: int, key: str) -> None:
    """At any time of the year, and the same when it is asked for again within it."""
    found = turn(key, now)
    assert found.begin <= found.at <= found.end - LENGTH
    assert found.end - LENGTH >= now
    assert turn(key, max(now, found.begin)) == found


@pytest.mark.parametrize("place", range(3))
def test_turns_are_spread_over_the_first_half_of_a_quiet_time(place: int) -> None:
    """Evenly: no tenth of it has more than three times its part."""
    now = [local(8, 0), local(14, 0), local(17, 59, 45)][place]
    turns = [turn(key, now) for key in UNITS]
    assert {(one.begin, one.end) for one in turns} == {
        [(local(11, 30), local(13, 30)), (local(16, 30), local(18, 0)), (local(18, 0), local(22, 0))][place]
    }
    begin, end = turns[0].begin, turns[0].end
    tenths = [(one.at - begin) * 20 // (end - begin) for one in turns]
    assert max(tenths) <= 9
    assert max(tenths.count(number) for number in range(10)) <= 50


def test_turns_differ_by_day() -> None:
    """Who comes late on one day does not every day."""
    days = [turn("27259 bandwidth", local(2026, 11, day, 8)).at - local(2026, 11, day, 11, 30) for day in range(16, 21)]
    assert len(set(days)) == 5


def test_units_of_a_longer_period_have_days_of_their_own() -> None:
    """A week's measurements are no Monday's: each day has some of them, until then the unit waits."""
    monday = local(2026, 11, 16, 0)
    days = [(turn(key, monday, 7 * DAY).at - monday) // (DAY * SECOND) for key in UNITS]
    assert {days.count(number) >= 8 for number in range(7)} == {True}
    late = next(key for key, day in zip(UNITS, days, strict=True) if day == 3)
    missed = turn(late, local(2026, 11, 19, 23), 7 * DAY)
    assert missed.begin == local(2026, 11, 20, 11, 30)


def test_a_short_period_has_a_turn_in_each() -> None:
    """As in a demonstration."""
    found = [turn("27259 bandwidth", local(9, minute), 600, ALWAYS) for minute in (0, 10, 20)]
    assert [one.begin for one in found] == [local(9, 0), local(9, 10), local(9, 20)]
    assert [one.end - one.begin for one in found] == [600 * SECOND] * 3


def test_periods_follow_the_wall_clock() -> None:
    """Weeks begin on Mondays; the night in which clocks go back has a longer day."""
    assert calendar.period(OFFICE, 7 * DAY, local(12, 0))[1:] == (local(2026, 11, 16, 0), local(2026, 11, 23, 0))
    paris = Calendar(zone=ZoneInfo("Europe/Paris"))
    _, begin, end = calendar.period(paris, DAY, 1_792_918_800 * SECOND)  # 25 October 2026, 10:00
    assert (end - begin) // SECOND == 25 * 3600


def test_a_calendar_that_is_never_quiet_has_no_turn() -> None:
    never = replace(OFFICE, quiet=())
    assert list(calendar.turns(never, DAY, "27259", LENGTH, local(9, 0))) == []
    assert list(calendar.turns(never, 7 * DAY, "27259", LENGTH, local(9, 0))) == []


def test_a_quiet_time_that_is_too_short_is_none() -> None:
    short = replace(OFFICE, quiet=(Span(frozenset(range(7)), 690, 691),))
    assert list(calendar.turns(short, DAY, "27259", 61 * SECOND, local(9, 0))) == []
