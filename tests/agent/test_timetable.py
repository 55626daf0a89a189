"""When a job may run, by the wall clock of the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.timetable import WEEK, Hours, TimedJob, Timetable, Window, fault
from checks.kit.model import Job

VIETNAM = timezone(timedelta(hours=7))
OFFICE = Hours(7 * 3600, ((450, 690), (780, 1020), (1440 + 450, 1440 + 690)))
"""Monday 07:30–11:30 and 13:00–17:00, Tuesday 07:30–11:30."""


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp()


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T07:29:59", False), ("2026-11-23T07:30:00", True), ("2026-11-23T11:29:59", True),
        ("2026-11-23T11:30:00", False), ("2026-11-23T13:00:00", True), ("2026-11-24T07:30:00", True),
        ("2026-11-24T13:00:00", False), ("2026-11-22T08:00:00", False), ("2031-01-06T08:00:00", True),
    ],
)  # fmt: skip
def test_office_hours_are_local_and_of_the_week(at: str, is_open: bool) -> None:
    """23 November 2026 is a Monday; nothing of it depends on the zone this PC is set to."""
    assert Timetable(OFFICE).is_open(local(at)) is is_open


def test_outside_office_hours_a_job_has_its_other_interval() -> None:
    """Longer, none at all, or the same; without office hours there are no others."""
    jobs = [TimedJob(check="a", every=300, off_hours_every=other) for other in (None, 3600, 0)]
    jobs.append(TimedJob(check="a", every=300, off_hours_every=60))
    within, without = local("2026-11-23T08:00"), local("2026-11-23T12:00")
    table = Timetable(OFFICE)
    assert [table.interval(job, within) for job in jobs] == [300, 300, 300, 300]
    assert [table.interval(job, without) for job in jobs] == [300, 3600, None, 300]
    assert [Timetable().interval(job, without) for job in jobs] == [300, 300, 300, 300]
    assert table.interval(Job(check="a", every=300), without) == 300


@pytest.mark.parametrize(
    ("checks", "targets", "stopped"),
    [
        ((), (), {"a x", "a y", "b x", "b"}), (("a",), (), {"a x", "a y"}), ((), ("x",), {"a x", "b x"}),
        (("a",), ("x",), {"a x"}), (("c",), (), set()),
    ],
)  # fmt: skip
def test_maintenance_stops_the_jobs_it_names(
    checks: tuple[str, ...], targets: tuple[str, ...], stopped: set[str]
) -> None:
    """By check, by target or by both; from its first second, and not in its last."""
    jobs = {"a x": Job(check="a", target="x"), "a y": Job(check="a", target="y")}
    jobs |= {"b x": Job(check="b", target="x"), "b": Job(check="b")}
    table = Timetable(None, (Window(1000, 2000, checks, targets),))
    for wall, expected in ((999.9, set()), (1000.0, stopped), (1999.9, stopped), (2000.0, set())):
        assert {name for name, job in jobs.items() if table.interval(job, wall) is None} == expected


def test_times_that_cannot_be_meant_are_named() -> None:
    """And others are not."""
    assert fault(Timetable(OFFICE, (Window(1, 2),))) is None
    assert fault(Timetable(Hours(0, ((690, 690),)))) == "its office hours end before they begin"
    assert fault(Timetable(None, (Window(2, 1),))) == "its maintenance ends before it begins"


@given(st.floats(0, 4e9), st.integers(-86400, 86400))
def test_a_week_without_an_end_is_always_open(wall: float, offset: int) -> None:
    """Every instant lies in the week, and its minute is that of the calendar."""
    assert Timetable(Hours(offset, ((0, WEEK),))).is_open(wall)
    there = datetime.fromtimestamp(int(wall), UTC) + timedelta(seconds=offset)
    minute = there.weekday() * 1440 + there.hour * 60 + there.minute
    assert Timetable(Hours(offset, ((minute, minute + 1),))).is_open(wall)
