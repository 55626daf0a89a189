"""What of a device is too old to be exported as if it were the present: pushed values expire.

A number whose next measurement should have come long ago is no longer what is there (prometheus/pushgateway#19, #117:
its eternal values are what its users ask to be rid of). When each was taken stays to be seen, and the unit says by its
silence why nothing follows.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from collector.readiness.model import ALWAYS_OPEN, Calendar, DeviceFacts
from collector.readiness.profile import Freshness
from collector.tally import job_key

MISSED = 3
"""Runs that may be missed. [A] two are lost to a restart and a busy line; the third is a pattern."""
NEVER = 2**63


class Interval(Struct, frozen=True):
    """Seconds between two runs of a job while the office is open, and while it is closed."""

    open: float
    closed: float


def present(
    device: DeviceFacts,
    every: Mapping[str, Interval],
    freshness: Freshness,
    now: int,
    calendar: Calendar = ALWAYS_OPEN,
) -> tuple[DeviceFacts, int]:
    """`device` with what still speaks for `now` (µs), and when (µs) that is to be asked again; NEVER: when it reports.

    A result goes MISSED intervals (`every`, by job) after it was taken, though not before `freshness` would call its
    device lost. An office that opens gives every job as long to run again before the shorter interval of the day
    counts. What the agent says of itself, and its clock, go as its most frequent job's result would. From ``no_data``
    on, only the device's name and the time of its newest result are left. A job without an interval does not expire.
    """
    if device.last_seen is None:
        return device, NEVER
    gone = device.last_seen + freshness.no_data
    if now >= gone:
        return replace(device, results={}, health={}, clock_offset=None, clock_drift=None, purchased=None), NEVER

    def end(at: int, interval: Interval | None) -> int:
        if interval is None:
            return NEVER
        at_rest = at + _patience(interval.closed, freshness)
        return min(at_rest, max(at, calendar.since) + _patience(interval.open, freshness)) if calendar.open else at_rest

    ends = {key: end(result.at, every.get(job_key(*key))) for key, result in device.results.items()}
    speaks_until = end(device.last_seen, _shortest(every))
    if any(at <= now for at in ends.values()):
        device = replace(device, results={key: one for key, one in device.results.items() if ends[key] > now})
    if speaks_until <= now:
        device = replace(device, health={}, clock_offset=None, clock_drift=None)
    coming = [at for at in (*ends.values(), speaks_until, calendar.until or NEVER) if at > now]
    return device, min([gone, *coming])


def _patience(seconds: float, freshness: Freshness) -> int:
    """µs for which a result of a job with this interval is waited for."""
    return max(round(MISSED * seconds * 1e6), freshness.lost_contact)


def _shortest(every: Mapping[str, Interval]) -> Interval | None:
    if not every:
        return None
    return Interval(min(one.open for one in every.values()), min(one.closed for one in every.values()))
