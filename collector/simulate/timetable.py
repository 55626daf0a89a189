"""When a simulated device runs its jobs: at their interval, each at its own place in it, as agents do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from collector.served import DeviceConfig, ServedJob

WEEK = 7 * 24 * 60
MONDAY = 4 * 24 * 60
"""Minutes from the epoch, a Thursday, to the first Monday of 1970."""


def share(device: str, job: ServedJob) -> float:
    """A number in [0, 1) that belongs to this device and job; the same as the agent's."""
    told = "\0".join((device, *job.key)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big") / 2**64


def interval(config: DeviceConfig, job: ServedJob, at: float) -> float | None:
    """Seconds between runs of `job` at `at` (seconds since the epoch); None when it may not run."""
    for window in config.maintenance:
        named = (not window.checks or job.check in window.checks) and (
            not window.targets or job.target in window.targets
        )
        if named and window.begin <= at < window.end:
            return None
    if job.off_hours_every is None or _is_open(config, at):
        return job.every
    return max(job.every, job.off_hours_every) if job.off_hours_every else None


def times(config: DeviceConfig, job: ServedJob, part: float, begin: float, end: float) -> Iterator[float]:
    """When (seconds since the epoch) `job` runs from `begin` until `end`; `part` is its place in the interval."""
    at = begin + part * job.every
    while at < end:
        every = interval(config, job, at)
        if every is not None:
            yield at
        at += every or job.every


def _is_open(config: DeviceConfig, at: float) -> bool:
    if config.hours is None:
        return True
    minute = (int((at + config.hours.utc_offset) // 60) - MONDAY) % WEEK
    return any(begin <= minute < end for begin, end in config.hours.week)
