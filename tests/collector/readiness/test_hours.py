"""Office hours in a time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.readiness.hours import Hours, Span, minutes
from collector.readiness.model import Calendar
from collector.tally import BUCKET_SECONDS

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
WEEK = frozenset(range(5))
OFFICE = Hours(
    VIETNAM,
    (Span(WEEK, 450, 690), Span(WEEK, 780, 1020), Span(frozenset({5}), 450, 690)),
)


def at(text: str, zone: ZoneInfo = VIETNAM, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp())


@pytest.mark.parametrize(
    ("start", "office"),
    [
        ("2026-11-20T07:00", False),
        ("2026-11-20T07:30", True),
        ("2026-11-20T11:00", True),
        ("2026-11-20T11:30", False),
        ("2026-11-20T12:30", False),
        ("2026-11-20T13:00", True),
        ("2026-11-20T16:30", True),
        ("2026-11-20T17:00", False),
        ("2026-11-21T08:00", True),
        ("2026-11-21T13:30", False),
        ("2026-11-22T08:00", False),
    ],
)
def test_a_half_hour_is_office_time_when_all_of_it_is(start: str, office: bool) -> None:
    """Friday, Saturday morning, Sunday."""
    assert OFFICE.office(at(start)) is office


def test_without_rules_the_office_never_closes() -> None:
    assert all(Hours(VIETNAM).office(at("2026-11-22T03:00") + step * BUCKET_SECONDS) for step in range(48))


def test_a_week_has_its_hours() -> None:
    monday = at("2026-11-16T00:00")
    assert sum(OFFICE.office(monday + step * BUCKET_SECONDS) for step in range(48 * 7)) / 2 == 5 * 8 + 4


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 7), ("2026-10-25", 9), ("2026-10-24", 8)])
def test_a_clock_change_makes_the_night_shift_shorter_or_longer(day: str, hours: int) -> None:
    """Europe/Berlin puts its clocks forward on 29 March 2026 and back on 25 October."""
    berlin = ZoneInfo("Europe/Berlin")
    night = Hours(berlin, (Span(frozenset(range(7)), 0, 480),))
    midnight = at(f"{day}T00:00", berlin)
    assert sum(night.office(midnight + step * BUCKET_SECONDS) for step in range(44)) / 2 == hours


def test_the_last_half_hour_of_a_day_can_be_office_time() -> None:
    assert Hours(VIETNAM, (Span(frozenset(range(7)), 1380, 1440),)).office(at("2026-11-20T23:30"))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("07:30", 450), ("7:30", 450), (690, 690), ("24:00", 1440), ("00:00", 0), ("24:30", None), ("7:60", None),
        ("730", None), ("7:3", None), ("-1:30", None), ("", None), (1441, None), ("٠٧:٣٠", None),
    ],
)  # fmt: skip
def test_a_time_of_day_is_read_strictly(text: str | int, time: int | None) -> None:
    assert minutes(text) == time


def micros(text: str) -> int:
    return at(text) * 1_000_000


def test_without_office_hours_it_is_always_open() -> None:
    """Nothing ever changes."""
    assert Hours(VIETNAM).calendar(micros("2026-11-21T03:00")) == Calendar(open=True, since=0, closed_at=0, until=None)


@pytest.mark.parametrize(
    ("now", "is_open", "since", "closed_at", "until"),
    [
        ("2026-11-20T09:00", True, "2026-11-20T07:30", "2026-11-19T17:00", "2026-11-20T11:30"),
        ("2026-11-20T07:30", True, "2026-11-20T07:30", "2026-11-19T17:00", "2026-11-20T11:30"),
        ("2026-11-20T12:00", False, "2026-11-20T11:30", "2026-11-20T11:30", "2026-11-20T13:00"),
        ("2026-11-20T17:00", False, "2026-11-20T17:00", "2026-11-20T17:00", "2026-11-21T07:30"),
        ("2026-11-22T10:00", False, "2026-11-21T11:30", "2026-11-21T11:30", "2026-11-23T07:30"),
    ],
)
def test_a_calendar_says_since_when_and_until_when(
    now: str, is_open: bool, since: str, closed_at: str, until: str
) -> None:
    """At opening time it is open, at closing time closed; over a Sunday it looks past the day."""
    assert OFFICE.calendar(micros(now)) == Calendar(
        open=is_open, since=micros(since), closed_at=micros(closed_at), until=micros(until)
    )


def test_a_day_off_is_closed_from_the_evening_before_to_the_morning_after() -> None:
    """And its half-hours are not office hours."""
    hours = Hours(OFFICE.zone, OFFICE.spans, frozenset({date(2026, 11, 20)}))
    found = hours.calendar(micros("2026-11-20T09:00"))
    assert found == Calendar(
        open=False,
        since=micros("2026-11-19T17:00"),
        closed_at=micros("2026-11-19T17:00"),
        until=micros("2026-11-21T07:30"),
    )
    assert not hours.office(at("2026-11-20T09:00"))
    assert OFFICE.office(at("2026-11-20T09:00"))


def test_an_office_of_a_later_year_is_not_open_before_it() -> None:
    """With every day around it off, neither the last closing nor the next opening is known."""
    off = frozenset(date(2026, 11, 1) + timedelta(days=day) for day in range(60))
    assert Hours(OFFICE.zone, OFFICE.spans, off).calendar(micros("2026-11-25T09:00")) == Calendar(open=False)
