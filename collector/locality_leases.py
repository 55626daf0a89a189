"""The key ``leases`` of a locality's file, as it is decided by. Every function raises ConfigError."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from checks.kit.strict import Where
from collector.attribution.topology import provider
from collector.leases import calendar
from collector.leases.model import MEGABIT, SECOND, Calendar, Policy, Rehearsal
from collector.locality_check import Document, span
from collector.maintenance import EXPECTED
from collector.readiness import duration

LEAST_PERIOD = 600
MOST_MBPS = 1_000_000
LONGEST = timedelta(days=7)
ANY_MONDAY = datetime(2027, 1, 4)
"""A week in which quiet hours are looked for, rehearsals apart."""


def policy(document: Document, zone: ZoneInfo) -> Policy:
    """What the file says, in the units of :class:`Policy`."""
    written = document.value.leases
    period = _period(document, "period", written.period)
    return Policy(
        calendar=_calendar(document, zone),
        bytes_per_day=written.bytes_per_day,
        bytes_per_month=_per_month(document),
        period=period,
        period_with_counters=_longer(document, period),
        line=int(written.line_mbps * MEGABIT),
        cross=int(written.cross_traffic.kbps * 1000),
        cross_share=written.cross_traffic.share,
        providers=_providers(document),
    )


def _calendar(document: Document, zone: ZoneInfo) -> Calendar:
    written = document.value.leases
    here: Where = ("leases",)
    week = Calendar(
        zone=zone,
        quiet=tuple(span(document, (*here, "quiet", index), one) for index, one in enumerate(written.quiet)),
        closed=tuple(span(document, (*here, "closed", index), one) for index, one in enumerate(written.closed)),
    )
    days = (ANY_MONDAY.date() + timedelta(days=day) for day in range(7))
    if not any(calendar.quiet(week, day) for day in days):
        raise document.error((*here, "quiet"), "expected a time outside leases.closed: nothing is ever measured")
    rehearsals = tuple(_rehearsal(document, index, zone) for index in range(len(written.rehearsals)))
    return Calendar(zone=zone, quiet=week.quiet, closed=week.closed, rehearsals=rehearsals)


def _rehearsal(document: Document, index: int, zone: ZoneInfo) -> Rehearsal:
    written = document.value.leases.rehearsals[index]
    place: Where = ("leases", "rehearsals", index)
    times = []
    for key, text in (("from", written.begin), ("to", written.end)):
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise document.error((*place, key), f"{EXPECTED}, got {text!r}") from None
        times.append(found if found.tzinfo is not None else found.replace(tzinfo=zone))
    begin, end = times
    if end <= begin:
        raise document.error((*place, "to"), "expected a later time than from")
    if end - begin > LONGEST:
        raise document.error((*place, "to"), f"expected at most {LONGEST.days} days after from")
    return Rehearsal(int(begin.timestamp()) * SECOND, int(end.timestamp()) * SECOND, written.reason)


def _period(document: Document, key: str, text: str | int) -> int:
    length = duration.parse(text)
    if length is None:
        raise document.error(("leases", key), f"{duration.EXPECTED}, got {text!r}")
    if not LEAST_PERIOD <= length / SECOND <= calendar.LONGEST:
        raise document.error(("leases", key), f"expected from 10m to 31d, got {text!r}")
    return length // SECOND


def _longer(document: Document, period: int) -> int:
    """``period_with_counters``; where only ``period`` is written, and is longer than what it is by default, as that."""
    text = document.value.leases.period_with_counters
    longer = _period(document, "period_with_counters", text)
    if longer < period and "period_with_counters" in document.raw.get("leases", {}):
        raise document.error(("leases", "period_with_counters"), f"expected at least leases.period, got {text!r}")
    return max(longer, period)


def _per_month(document: Document) -> int:
    """``bytes_per_month``; what one day may use goes into it."""
    written = document.value.leases
    if written.bytes_per_month < written.bytes_per_day:
        raise document.error(
            ("leases", "bytes_per_month"), f"expected at least leases.bytes_per_day, {written.bytes_per_day}"
        )
    return written.bytes_per_month


def _providers(document: Document) -> dict[str, int]:
    """Limits by canonical name."""
    found: dict[str, int] = {}
    names: dict[str, str] = {}
    for name, one in document.value.leases.providers.items():
        place: Where = ("leases", "providers", name)
        known = provider(name)
        if not known:
            raise document.error(place, "expected a name")
        if known in names:
            raise document.error(place, f"{known} stands twice, first as leases.providers.{names[known]}")
        if one.capacity_mbps is None:
            raise document.error((*place, "capacity_mbps"), "is missing")
        for key, value, most in (("capacity_mbps", one.capacity_mbps, MOST_MBPS), ("share", one.share, 1)):
            if not 0 < value <= most:
                raise document.error((*place, key), f"expected a number above 0, at most {most}, got {value:g}")
        names[known] = name
        found[known] = max(1, int(one.capacity_mbps * MEGABIT * one.share))
    return found
