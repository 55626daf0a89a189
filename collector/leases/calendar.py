"""When a unit's turn is. Pure; clock changes of the zone are honoured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from msgspec import Struct

from checks.kit.leasing import Denial
from collector.leases.model import SECOND, Calendar
from collector.readiness.hours import DAY_MINUTES, Span

Times = tuple[tuple[int, int], ...]
"""[begin, end) in µs, ascending by begin."""
MONDAY = datetime(1970, 1, 5)
"""By the wall clock: periods are counted from this midnight, so that weeks begin on Mondays."""
DAY = 86_400
LONGEST = 31 * DAY
"""The longest period, in seconds."""
SPREAD = 0.5
"""Part of a quiet time over which turns are spread. The rest is for those whose line was busy, whose PC was off, or
whom the server's share made wait: with it, a quiet time that has room for all measures all."""


class Turn(Struct, frozen=True):
    """A unit's part in a quiet time: it may be measured within [begin, end), and is expected at ``at``."""

    at: int
    begin: int
    end: int


def share_of(*key: object) -> float:
    """A number from 0 to 1 that depends on `key` alone, as evenly spread as a hash is."""
    text = "\0".join(str(part) for part in key).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) / 2**64


def shut(calendar: Calendar, now: int) -> tuple[Denial, int, str] | None:
    """Why nobody but an engineer may load a line at `now`, until when, and what for; None when others may."""
    for rehearsal in calendar.rehearsals:
        if rehearsal.begin <= now < rehearsal.end:
            return Denial.REHEARSAL, rehearsal.end, rehearsal.reason
    today = _local(calendar, now).date()
    ends = [end for begin, end in _closed(calendar, today) if begin <= now < end]
    return (Denial.CLOSED_WINDOW, max(ends), "") if ends else None


def open_until(calendar: Calendar, now: int, most: int) -> int:
    """The next instant, `most` at the latest, at which :func:`shut` would tell something."""
    today = _local(calendar, now).date()
    begins = [begin for distance in (0, 1) for begin, _ in _closed(calendar, today + timedelta(days=distance))]
    begins += [rehearsal.begin for rehearsal in calendar.rehearsals]
    return min([most, *(begin for begin in begins if begin > now)])


def midnight(calendar: Calendar, at: int) -> int:
    """The midnight after `at`, local."""
    return _instant(calendar, _local(calendar, at).date() + timedelta(days=1), 0)


def days_since(calendar: Calendar, at: int) -> tuple[int, int]:
    """When the local day of `at` began, and its month."""
    today = _local(calendar, at).date()
    return _instant(calendar, today, 0), _instant(calendar, today.replace(day=1), 0)


def period(calendar: Calendar, seconds: int, at: int) -> tuple[int, int, int]:
    """Number, begin and end of the period of so many `seconds` in which `at` lies."""
    number = (_local(calendar, at).replace(tzinfo=None) - MONDAY) // timedelta(seconds=seconds)
    return number, _edge(calendar, seconds, number), _edge(calendar, seconds, number + 1)


def turns(calendar: Calendar, seconds: int, key: str, length: int, now: int) -> Iterator[Turn]:
    """The turns of `key` from `now` on in which a lease of `length` µs still has room, in order, for two periods and a
    week. Of a period of several days the first ones are other units': each has a day from which on it is its turn."""
    today = _local(calendar, now).date()
    for distance in range(2 * -(-seconds // DAY) + 8):
        for begin, end in quiet(calendar, today + timedelta(days=distance)):
            for number, first, last in _parts(calendar, seconds, begin, end):
                if last - length >= now and last - length >= first and _mine(calendar, seconds, number, key, first):
                    place = share_of(key, number, first) * SPREAD * (last - length - first)
                    yield Turn(first + int(place), first, last)


def _mine(calendar: Calendar, seconds: int, number: int, key: str, at: int) -> bool:
    if seconds < 2 * DAY:
        return True
    days = _quiet_days(calendar, seconds, number)
    own = days[int(share_of(key, number) * len(days))] if days else date.min
    return _local(calendar, at).date() >= own


@lru_cache(256)
def _quiet_days(calendar: Calendar, seconds: int, number: int) -> tuple[date, ...]:
    begin, end = (_local(calendar, _edge(calendar, seconds, edge)).date() for edge in (number, number + 1))
    days = [begin + timedelta(days=count) for count in range((end - begin).days)]
    return tuple(day for day in days if quiet(calendar, day))


def _parts(calendar: Calendar, seconds: int, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[begin, end) by period: its number, and from when until when."""
    while begin < end:
        number, _, last = period(calendar, seconds, begin)
        yield number, begin, min(end, last)
        begin = last


@lru_cache(512)
def quiet(calendar: Calendar, day: date) -> Times:
    """The quiet times of the local `day`, without what is closed or a rehearsal."""
    away = [*_closed(calendar, day), *((one.begin, one.end) for one in calendar.rehearsals)]
    return tuple(sorted(part for one in _times(calendar, calendar.quiet, day) for part in _without(one, away)))


@lru_cache(512)
def _closed(calendar: Calendar, day: date) -> Times:
    return _times(calendar, calendar.closed, day)


def _without(time: tuple[int, int], away: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    left = [time]
    for begin, end in away:
        left = [
            part for first, last in left for part in ((first, min(last, begin)), (max(first, end), last))
            if part[0] < part[1]
        ]  # fmt: skip
    return left


def _times(calendar: Calendar, spans: tuple[Span, ...], day: date) -> Times:
    here = [span for span in spans if day.weekday() in span.days]
    return tuple(sorted((_instant(calendar, day, one.begin), _instant(calendar, day, one.end)) for one in here))


def _instant(calendar: Calendar, day: date, minutes: int) -> int:
    whole, rest = divmod(minutes, DAY_MINUTES)
    moment = datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), calendar.zone)
    return int(moment.timestamp()) * SECOND


@lru_cache(1024)
def _edge(calendar: Calendar, seconds: int, number: int) -> int:
    moment = (MONDAY + timedelta(seconds=seconds * number)).replace(tzinfo=calendar.zone)
    return int(moment.timestamp()) * SECOND


def _local(calendar: Calendar, at: int) -> datetime:
    return datetime.fromtimestamp(at / SECOND, calendar.zone)
