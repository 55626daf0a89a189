"""When each job runs next. Pure: the time is an argument, in seconds of a monotonic clock; what the wall clock says
comes in through :meth:`Schedule.turn`.

A job's place in its interval is hashed from the device and the job, so that a city's agents never fire together:
not at noon, and not when the power comes back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from checks.kit.model import Job

Key = tuple[str, str]
FIRST = 10.0
"""Seconds within which every job runs for the first time."""
RETURN = 900.0
"""Seconds within which a job runs that fell due while it might not: long enough that a city does not do so at once,
shorter than any part of an office day."""


def share(device: str, key: Key) -> float:
    """A number in [0, 1) that belongs to this device and job."""
    digest = hashlib.sha256("\0".join((device, *key)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class _Entry:
    """``interval`` is the one in force, None while the job may not run. ``waiting``: it was seen due and not started,
    for want of a slot or of a budget; ``deferred``: for want of a budget. ``postponed``: its time is not its own, and
    nothing but a hurry brings it nearer; ``hurried``: since when it is to run again once the present run has ended."""

    __slots__ = ("base", "deferred", "due", "hurried", "interval", "job", "postponed", "running", "share", "waiting")

    def __init__(self, job: Job, part: float, now: float) -> None:
        self.job, self.share, self.base = job, part, now
        self.interval: float | None = job.every
        self.due = now + part * min(job.every, FIRST)
        self.running = self.waiting = self.deferred = self.postponed = False
        self.hurried: float | None = None


class Schedule:
    """The jobs of one device. ``skipped`` counts runs left out because the previous one was still on, ``deferred``
    those that had to wait for a budget."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._entries: dict[Key, _Entry] = {}
        self.skipped = self.deferred = 0

    def replace(self, jobs: Iterable[Job], now: float) -> None:
        """Takes `jobs` instead of the present ones. An unchanged job, or one with other params only, keeps its time, as
        does one that is postponed."""
        wanted = {job.key: job for job in jobs}
        for key in [key for key in self._entries if key not in wanted]:
            del self._entries[key]
        for key, job in wanted.items():
            entry = self._entries.get(key)
            if entry is not None and entry.job.every == job.every:
                entry.job = job
                continue
            fresh = _Entry(job, share(self._device, key), now)
            if entry is not None:
                fresh.running, fresh.hurried = entry.running, entry.hurried
                if entry.postponed:
                    fresh.due, fresh.postponed = entry.due, True
            self._entries[key] = fresh

    def turn(self, interval: Callable[[Job], float | None], now: float) -> None:
        """Takes up the intervals now in force; None: the job may not run.

        A run that fell due while it might not is made up for within RETURN; a shorter interval brings the next run
        nearer, to the job's own place in it: the offices of a city open in the same minute.
        """
        for entry in self._entries.values():
            before, found = entry.interval, interval(entry.job)
            if found == before:
                continue
            entry.interval, entry.waiting = found, False
            if found is None:
                continue
            if before is None and entry.due <= now:
                entry.due = now + entry.share * min(found, RETURN)
            elif entry.due > now and not entry.postponed and (before is None or found < before):
                entry.due = min(entry.due, now + entry.share * found) if before else min(entry.due, now + found)

    def due(self, now: float, at_most: int, room: Callable[[str], int] = lambda _: 1 << 30) -> list[Job]:
        """Up to `at_most` jobs whose time has come, the latest first, of each check no more than its `room`; each is
        taken as started."""
        started: list[Job] = []
        taken: dict[str, int] = {}
        for entry in self._ready(now):
            check = entry.job.check
            if len(started) < at_most and taken.get(check, 0) < room(check):
                taken[check] = taken.get(check, 0) + 1
                entry.waiting = entry.deferred = entry.postponed = False
                entry.running, entry.due = True, _next(entry, now)
                started.append(entry.job)
        return started

    def defer(self, now: float) -> None:
        """Counts what would start now and must not: it keeps its place, so that the oldest goes first afterwards."""
        for entry in self._ready(now):
            self.deferred += not entry.deferred
            entry.deferred = True

    def finished(self, key: Key) -> None:
        """The job's run has ended; it may start again."""
        entry = self._entries.get(key)
        if entry is None:
            return
        entry.running = False
        if entry.hurried is not None:
            entry.due, entry.hurried, entry.postponed = entry.hurried, None, False

    def postpone(self, key: Key, at: float) -> None:
        """The job, whose run ends without a result, comes again at `at`, and then at its own place. To be said before
        :meth:`finished`, so that a hurry that came meanwhile goes first."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.due, entry.postponed = at, True

    def hurry(self, check: str, now: float) -> bool:
        """Brings the next run of a job of `check` to `now`, or to when it may run; False when there is no such job."""
        found = sorted(key for key in self._entries if key[0] == check)
        if not found:
            return False
        entry = self._entries[found[0]]
        if entry.running:
            entry.hurried = now
        else:
            entry.due, entry.postponed = min(entry.due, now), False
        return True

    def slept(self, seconds: float) -> None:
        """`seconds` have passed that the clock of `now` did not count: what is postponed is that much nearer."""
        for entry in self._entries.values():
            if entry.postponed:
                entry.due -= seconds

    def wait(self, now: float, room: Callable[[str], int] = lambda _: 1) -> float | None:
        """Seconds until the next job is due, None without one; those whose check has no `room` wait for a run's end."""
        times = [
            entry.due
            for entry in self._entries.values()
            if entry.interval is not None and not (entry.waiting and room(entry.job.check) <= 0)
        ]
        return max(0.0, min(times) - now) if times else None

    def jobs(self) -> list[Job]:
        return [entry.job for entry in self._entries.values()]

    def _ready(self, now: float) -> list[_Entry]:
        """What may start, the oldest first; what missed a whole interval because the PC slept is spread again."""
        ready: list[_Entry] = []
        ripe = (entry for entry in self._entries.values() if entry.interval is not None and entry.due <= now)
        for entry in sorted(ripe, key=lambda entry: entry.due):
            if not entry.waiting and _is_stale(entry, now):
                entry.due = now + entry.share * min(entry.interval or FIRST, FIRST)
                if entry.due > now:
                    continue
            if entry.running:
                self.skipped += 1
                entry.due = _next(entry, now)
                continue
            entry.waiting = True
            ready.append(entry)
        return ready


def _is_stale(entry: _Entry, now: float) -> bool:
    """Whether a whole interval was missed."""
    return now - entry.due >= max(entry.interval or FIRST, FIRST)


def _next(entry: _Entry, now: float) -> float:
    """The next time on the job's grid, at least half an interval away."""
    every = entry.interval or entry.job.every
    origin = entry.base + entry.share * every
    steps = max(0, -int((origin - now - every / 2) // every))
    return origin + steps * every
