"""When each job runs next. Pure: the time is an argument, in seconds of a monotonic clock.

A job's place in its interval is hashed from the device and the job, so that a city's agents never fire together:
not at noon, and not when the power comes back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from checks.kit.model import Job

Key = tuple[str, str]
FIRST = 10.0
"""Seconds within which every job runs for the first time."""


def share(device: str, key: Key) -> float:
    """A number in [0, 1) that belongs to this device and job."""
    digest = hashlib.sha256("\0".join((device, *key)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class _Entry:
    __slots__ = ("due", "job", "origin", "running", "share")

    def __init__(self, job: Job, part: float, now: float) -> None:
        self.job, self.share, self.running = job, part, False
        self.origin = now + part * job.every
        self.due = now + part * min(job.every, FIRST)


class Schedule:
    """The jobs of one device. ``skipped`` counts runs left out because the previous one was still on."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._entries: dict[Key, _Entry] = {}
        self.skipped = 0

    def replace(self, jobs: Iterable[Job], now: float) -> None:
        """Takes `jobs` instead of the present ones. An unchanged job, or one with other params only, keeps its time."""
        wanted = {job.key: job for job in jobs}
        for key in [key for key in self._entries if key not in wanted]:
            del self._entries[key]
        for key, job in wanted.items():
            entry = self._entries.get(key)
            if entry is not None and entry.job.every == job.every:
                entry.job = job
                continue
            fresh = _Entry(job, share(self._device, key), now)
            fresh.running = entry is not None and entry.running
            self._entries[key] = fresh

    def due(self, now: float, at_most: int) -> list[Job]:
        """Up to `at_most` jobs whose time has come, the latest first; each is taken as started."""
        waiting = sorted((entry for entry in self._entries.values() if entry.due <= now), key=lambda entry: entry.due)
        started: list[Job] = []
        for entry in waiting:
            if self._is_stale(entry, now):
                entry.due = now + entry.share * min(entry.job.every, FIRST)
                if entry.due > now:
                    continue
            if entry.running:
                self.skipped += 1
                entry.due = _next(entry, now)
            elif len(started) < at_most:
                entry.running, entry.due = True, _next(entry, now)
                started.append(entry.job)
        return started

    def finished(self, key: Key) -> None:
        """The job's run has ended; it may start again."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.running = False

    def wait(self, now: float) -> float | None:
        """Seconds until the next job is due, None without jobs."""
        return max(0.0, min(entry.due for entry in self._entries.values()) - now) if self._entries else None

    def jobs(self) -> list[Job]:
        return [entry.job for entry in self._entries.values()]

    @staticmethod
    def _is_stale(entry: _Entry, now: float) -> bool:
        """Whether a whole interval was missed: the PC slept, and all is due at once, so it is spread again."""
        return now - entry.due >= max(entry.job.every, FIRST)


def _next(entry: _Entry, now: float) -> float:
    """The next time on the job's grid, at least half an interval away."""
    every = entry.job.every
    steps = max(0, -int((entry.origin - now - every / 2) // every))
    return entry.origin + steps * every
