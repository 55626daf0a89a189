"""When a job may run, by the wall clock: office hours and maintenance, as the collector told them. Pure.

Times are epoch seconds. Office hours come as minutes of the week with a distance from UTC, because a PC need not
have the tables of time zones.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from checks.kit.model import Job

WEEK = 7 * 24 * 60
MONDAY = 4 * 24 * 60
"""Minutes from the epoch, a Thursday, to the first Monday of 1970."""
Minute = Annotated[int, Meta(ge=0, le=WEEK)]
Names = Annotated[tuple[str, ...], Meta(max_length=500)]
Second = Annotated[int, Meta(ge=0, le=2**40)]


class TimedJob(Job, frozen=True, kw_only=True, omit_defaults=True):
    """``off_hours_every``: seconds between runs outside office hours, 0 for none; without it, ``every``."""

    off_hours_every: Annotated[float, Meta(ge=0, le=86400)] | None = None


class Hours(Struct, frozen=True):
    """``week``: [begin, end) in minutes since Monday, 0:00, local time, ``utc_offset`` seconds ahead of UTC."""

    utc_offset: Annotated[int, Meta(ge=-86400, le=86400)]
    week: Annotated[tuple[tuple[Minute, Minute], ...], Meta(max_length=100)]


class Window(Struct, frozen=True, rename={"begin": "from", "end": "to"}):
    """No runs of these jobs from ``from`` until ``to``. Empty lists stand for all."""

    begin: Second
    end: Second
    checks: Names = ()
    targets: Names = ()


class Timetable(Struct, frozen=True):
    """``hours`` is None where the office never closes."""

    hours: Hours | None = None
    windows: tuple[Window, ...] = ()

    def interval(self, job: Job, wall: float) -> float | None:
        """Seconds between runs of `job` at `wall`; None when it may not run."""
        for window in self.windows:
            if window.begin <= wall < window.end and _covers(window, job):
                return None
        asked = job.off_hours_every if isinstance(job, TimedJob) else None
        if asked is None or self.is_open(wall):
            return job.every
        return max(job.every, asked) if asked else None

    def is_open(self, wall: float) -> bool:
        """Whether `wall` lies in office hours."""
        if self.hours is None:
            return True
        minute = (int((wall + self.hours.utc_offset) // 60) - MONDAY) % WEEK
        return any(begin <= minute < end for begin, end in self.hours.week)


def _covers(window: Window, job: Job) -> bool:
    return (not window.checks or job.check in window.checks) and (not window.targets or job.target in window.targets)


def fault(table: Timetable) -> str | None:
    """What in `table` cannot be meant, None when all can."""
    spans = table.hours.week if table.hours is not None else ()
    if any(begin >= end for begin, end in spans):
        return "its office hours end before they begin"
    if any(window.begin >= window.end for window in table.windows):
        return "its maintenance ends before it begins"
    return None
