"""Office hours: which half-hours count as "while people are served". Pure; clock changes of the zone are honoured."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.tally import BUCKET_SECONDS

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


class Span(Struct, frozen=True):
    """A part of some days of the week, in minutes since midnight: [begin, end)."""

    days: frozenset[int]
    begin: int
    end: int


class Hours(Struct, frozen=True):
    """Office hours in a time zone; without spans the office never closes."""

    zone: ZoneInfo
    spans: tuple[Span, ...] = ()

    def office(self, start: int) -> bool:
        """Whether the half-hour that starts at `start` (epoch seconds) lies inside office hours, all of it."""
        if not self.spans:
            return True
        first, last = (self._local(start), self._local(start + BUCKET_SECONDS - 1))
        return any(_holds(span, first) and _holds(span, last) for span in self.spans)

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, self.zone)


def _holds(span: Span, moment: datetime) -> bool:
    return moment.weekday() in span.days and span.begin <= moment.hour * 60 + moment.minute < span.end


def minutes(text: str | int) -> int | None:
    """``07:30`` as 450; None when it is no time of day. YAML reads an unquoted 11:30 as 690: the same number."""
    if isinstance(text, int):
        return text if 0 <= text <= DAY_MINUTES else None
    hour, colon, minute = text.partition(":")
    if not colon or not (hour + minute).isascii() or not (hour.isdigit() and minute.isdigit()) or len(minute) != 2:
        return None
    total = int(hour) * 60 + int(minute)
    return total if int(minute) < 60 and total <= DAY_MINUTES else None
