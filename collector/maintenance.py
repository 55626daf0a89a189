"""Reads times of a locality's file: maintenance windows, closed days, and office hours as agents are told them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.listing import parsed
from collector.locality_file import ClosedFile, MaintenanceFile
from collector.plan import Closed, Scope, Window
from collector.readiness.hours import DAY_MINUTES, Hours

LONGEST = timedelta(days=31)
YEARS = range(2020, 2051)
"""For which a day without a year is meant: no collector runs longer without a restart, no history reaches further."""
LONGEST_CLOSED = timedelta(days=14)
"""With the days off around it, as far as a calendar looks: :data:`collector.readiness.hours.SEARCH`."""
EXPECTED_DAY = "expected a day such as 2027-02-05, or 04-30 for every year"
EXPECTED = 'expected a time such as "2026-12-05T22:00" or "2026-12-05T22:00+07:00"'


class TimeError(Exception):
    """A time that cannot be meant. ``str()`` is what was expected at its key ``key``."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(expected)
        self.key = key


def window(written: MaintenanceFile, zone: ZoneInfo) -> Window:
    """`written` in epoch seconds; times without an offset are those of `zone`. Raises TimeError."""
    begin, end = _instant(written.begin, "from", zone), _instant(written.end, "to", zone)
    if end <= begin:
        raise TimeError("to", "expected a later time than from")
    if end - begin > LONGEST:
        raise TimeError("to", "expected at most 31 days after from: what stays away longer is no target")
    return Window(
        begin=int(begin.timestamp()),
        end=int(end.timestamp()),
        reason=written.reason,
        checks=tuple(written.checks),
        targets=tuple(written.targets),
        scope=Scope(frozenset(written.units)),
    )


def closed(written: ClosedFile) -> list[Closed]:
    """`written`, once for each of YEARS where it names none. Raises TimeError."""
    begin, end = _day(written.begin, "from"), _day(written.begin if written.end is None else written.end, "to")
    if bool(begin[0]) != bool(end[0]):
        raise TimeError("to", "expected a year in both days, or in neither")
    reason = {"vi": written.reason, "en": written.reason} if isinstance(written.reason, str) else written.reason.both
    found = []
    for year in (begin[0],) if begin[0] else YEARS:
        first, last = date(year, *begin[1:]), date(end[0] or year, *end[1:])
        if last < first:
            raise TimeError("to", "expected no earlier day than from")
        if last - first >= LONGEST_CLOSED:
            raise TimeError("to", f"expected at most {LONGEST_CLOSED.days} days together")
        found.append(Closed(first=first, last=last, reason=reason))
    return found


def days(closed: Iterable[Closed]) -> Iterator[date]:
    """Every day of `closed`."""
    for part in closed:
        yield from (part.first + timedelta(number) for number in range((part.last - part.first).days + 1))


def _day(text: str, key: str) -> tuple[int, int, int]:
    """Year, 0 where every one is meant, month and day. Raises TimeError, for 29 February of every year too."""
    year = parsed(text)
    found = year or parsed(f"2027-{text}")
    if found is None:
        raise TimeError(key, f"{EXPECTED_DAY}, got {text!r}")
    return (found.year if year else 0), found.month, found.day


def _instant(text: str, key: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise TimeError(key, f"{EXPECTED}, got {text!r}") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def week(hours: Hours) -> list[tuple[int, int]]:
    """Office hours as minutes since Monday, 0:00, local: [begin, end), ascending, none touching the next. Empty: always
    open."""
    spans = sorted(
        (day * DAY_MINUTES + span.begin, day * DAY_MINUTES + span.end) for span in hours.spans for day in span.days
    )
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
