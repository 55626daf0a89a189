"""Office hours: which half-hours count as "while people are served". Pure; clock changes of the zone are honoured."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.readiness.model import ALWAYS_OPEN, Calendar
from collector.tally import BUCKET_SECONDS

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


class Span(Struct, frozen=True):
    """A part of some days of the week, in minutes since midnight: [begin, end)."""

    days: frozenset[int]
    begin: int
    end: int


class Hours(Struct, frozen=True):
    """Office hours in a time zone; without spans the office never closes. It is closed all day on the days ``off``."""

    zone: ZoneInfo
    spans: tuple[Span, ...] = ()
    off: frozenset[date] = frozenset()

    def office(self, start: int) -> bool:
        """Whether the half-hour that starts at `start` (epoch seconds) lies inside office hours, all of it."""
        if not self.spans:
            return True
        first, last = (self._local(start), self._local(start + BUCKET_SECONDS - 1))
        return first.date() not in self.off and any(_holds(span, first) and _holds(span, last) for span in self.spans)

    def calendar(self, now: int) -> Calendar:
        """Where `now` (µs) lies. Looks back and ahead for as long as SEARCH."""
        if not self.spans:
            return ALWAYS_OPEN
        at = now // 1_000_000
        times = _open_times(self, self._local(at).date())
        is_open = any(begin <= at < end for begin, end in times)
        edges = sorted({edge for span in times for edge in span})
        past, ahead = [edge for edge in edges if edge <= at], [edge for edge in edges if edge > at]
        ends = [end for _, end in times if end <= at]
        return Calendar(
            open=is_open,
            since=past[-1] * 1_000_000 if past else 0,
            closed_at=ends[-1] * 1_000_000 if ends else 0,
            until=ahead[0] * 1_000_000 if ahead else None,
        )

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, self.zone)


def _holds(span: Span, moment: datetime) -> bool:
    return moment.weekday() in span.days and span.begin <= moment.hour * 60 + moment.minute < span.end


SEARCH = 16
"""Days before and after an instant in which its calendar looks: the longest holiday, Tết, with what is around it."""


@lru_cache(64)
def _open_times(hours: Hours, today: date) -> list[tuple[int, int]]:
    """[begin, end) in epoch seconds of each open time around `today`, ascending; times that touch are one."""
    found: list[tuple[int, int]] = []
    for distance in range(-SEARCH, SEARCH + 1):
        day = today + timedelta(days=distance)
        spans = [span for span in hours.spans if day.weekday() in span.days and day not in hours.off]
        for span in sorted(spans, key=lambda span: span.begin):
            begin, end = (_instant(day, edge, hours.zone) for edge in (span.begin, span.end))
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((begin, end))
    return found


def _instant(day: date, minutes: int, zone: ZoneInfo) -> int:
    whole, rest = divmod(minutes, DAY_MINUTES)
    moment = datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), zone)
    return int(moment.timestamp())


def minutes(text: str | int) -> int | None:
    """``07:30`` as 450; None when it is no time of day. YAML reads an unquoted 11:30 as 690: the same number."""
    if isinstance(text, int):
        return text if 0 <= text <= DAY_MINUTES else None
    hour, colon, minute = text.partition(":")
    if not colon or not (hour + minute).isascii() or not (hour.isdigit() and minute.isdigit()) or len(minute) != 2:
        return None
    total = int(hour) * 60 + int(minute)
    return total if int(minute) < 60 and total <= DAY_MINUTES else None
