"""Reads times of a locality's file: maintenance windows, and office hours as agents are told them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from collector.locality_file import MaintenanceFile
from collector.plan import Scope, Window
from collector.readiness.hours import DAY_MINUTES, Hours

LONGEST = timedelta(days=31)
EXPECTED = 'expected a time such as "2026-12-05T22:00" or "2026-12-05T22:00+07:00"'


class TimeError(Exception):
    """A window that cannot be meant. ``str()`` is what was expected at its key ``key``."""

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
