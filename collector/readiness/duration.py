"""Lengths of time and days as people write them in configuration: ``30s``, ``5m``, ``24h``, ``7d``; ``2027-03-01``."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SECOND = 1_000_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WRITTEN = re.compile(r"(\d{1,6})([smhd])")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
EXPECTED = 'expected a length of time such as "30s", "5m", "24h" or "7d"'
EXPECTED_DAY = "expected a day such as 2027-03-01"


def parse(text: str | int) -> int | None:
    """`text` in µs; None when it is no length of time. The bare number 0 is one, any other lacks its unit."""
    match = _WRITTEN.fullmatch(str(text))
    if match is None:
        return 0 if str(text) == "0" else None
    return int(match[1]) * _UNITS[match[2]] * SECOND


def shown(length: int) -> str:
    """`length` (µs) in the largest unit that fits it whole: ``7d``, ``90m``; the inverse of :func:`parse`."""
    seconds = length // SECOND
    name, size = next((name, size) for name, size in sorted(_UNITS.items(), key=lambda u: -u[1]) if seconds % size == 0)
    return f"{seconds // size}{name}" if seconds else "0"


def day(text: str, zone: ZoneInfo) -> int | None:
    """The first instant (µs since the epoch) of the day `text` in `zone`; None when it is no day."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return int(datetime.combine(date.fromisoformat(text), time(), zone).timestamp()) * SECOND
    except ValueError:
        return None
