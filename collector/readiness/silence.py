"""Why nothing is heard of a device or of a unit. Pure; the office's calendar tells a closed office from a lost one.

A device that speaks of the future (a collector whose clock was set back) counts as heard now, but only as far ahead as
silence may last: further ahead its newest credible result counts, so that it neither reports for ever nor is lost for
good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from collector.readiness.model import Calendar, DeviceFacts, Silence
from collector.readiness.profile import Freshness

AROUND_THE_CLOCK = frozenset({"router"})
"""Roles that nobody switches off when the office closes: their silence is never put down to it."""


class Heard(Struct, frozen=True):
    """A device and when it was last heard of (µs, never after now; None: never), with the word for its silence."""

    device: DeviceFacts
    seen: int | None
    silence: Silence | None

    @property
    def is_silent(self) -> bool:
        """LATE is a word only: what was last said still speaks for the present."""
        return self.silence is not None and self.silence is not Silence.LATE


def heard(device: DeviceFacts, calendar: Calendar, freshness: Freshness, now: int) -> Heard:
    seen = _seen(device, freshness, now)
    return Heard(device, seen, of_device(device.role, seen, calendar, freshness, now))


def everyone(devices: Iterable[DeviceFacts], calendar: Calendar, freshness: Freshness, now: int) -> list[Heard]:
    """:func:`heard` of each; nearly all were heard a moment ago."""
    lately = now - min(freshness.late, freshness.lost_contact)
    return [
        Heard(device, device.last_seen, None)
        if device.last_seen is not None and lately < device.last_seen <= now
        else heard(device, calendar, freshness, now)
        for device in devices
    ]


def _seen(device: DeviceFacts, freshness: Freshness, now: int) -> int | None:
    """The newest credible instant at which the device was there, as of `now`."""
    if device.last_seen is None or device.last_seen <= now:
        return device.last_seen
    credible = now + freshness.lost_contact
    if device.last_seen <= credible:
        return now
    times = [result.at for result in device.results.values() if result.at <= credible]
    return min(max(times), now) if times else None


def of_device(role: str, seen: int | None, calendar: Calendar, freshness: Freshness, now: int) -> Silence | None:
    """The word for a device last heard of at `seen`; None while it reports.

    Who had not lost contact when the office closed is OFFICE_CLOSED until the office has been open for
    ``lost_contact`` again.
    """
    if seen is None:
        return Silence.NO_DATA
    quiet = now - seen
    if quiet <= freshness.lost_contact:
        return Silence.LATE if quiet >= freshness.late else None
    if role not in AROUND_THE_CLOCK and _closed(seen, calendar, freshness, now):
        return Silence.OFFICE_CLOSED
    return Silence.NO_DATA if quiet > freshness.no_data else Silence.LOST_CONTACT


def _closed(seen: int, calendar: Calendar, freshness: Freshness, now: int) -> bool:
    if not calendar.closed_at or calendar.closed_at - seen > freshness.lost_contact:
        return False
    return not calendar.open or now - calendar.since <= freshness.lost_contact


def of_unit(everyone: Sequence[Heard], calendar: Calendar) -> tuple[Silence | None, int | None]:
    """Why nothing is heard of a unit with these devices, and since when (µs): the one heard of last speaks for it."""
    if not everyone:
        return Silence.NEVER_ENROLLED, None
    known = [one for one in everyone if one.seen is not None]
    if not known:
        return Silence.NO_DATA, min(one.device.enrolled_at for one in everyone)
    last = max(known, key=lambda one: (one.seen or 0, one.silence is not Silence.OFFICE_CLOSED, one.device.id))
    since = calendar.closed_at if last.silence is Silence.OFFICE_CLOSED else last.seen
    return last.silence, since if last.silence else None


def closing_explains(everyone: Iterable[Heard], expected: int, coverage: float) -> bool:
    """Whether too few devices report because the office is closed: all the silent ones are silent for that, or with
    those that are enough would report."""
    there = closed = others = 0
    for one in everyone:
        there += not one.is_silent
        closed += one.silence is Silence.OFFICE_CLOSED
        others += one.is_silent and one.silence is not Silence.OFFICE_CLOSED
    if not closed or there >= coverage * expected:
        return False
    return not others or there + closed >= coverage * expected


def changes(one: Heard, freshness: Freshness, now: int) -> Iterable[int]:
    """Instants (µs) at which time alone may change the word for a device; the calendar's edges come besides."""
    last = one.device.last_seen
    seen = one.seen
    if last is not None and last > now:
        yield last - freshness.lost_contact
        if last <= now + freshness.lost_contact:
            seen = last
        else:
            yield from (result.at - freshness.lost_contact for result in one.device.results.values())
    if seen is not None:
        yield from (seen + freshness.late, seen + freshness.lost_contact + 1, seen + freshness.no_data + 1)
