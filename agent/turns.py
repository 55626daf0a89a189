"""Jobs that come out of turn: put off until they have a lease, or hastened because an engineer asked."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from agent.directives import Directives
from agent.leases import Leases
from agent.schedule import Schedule
from checks.kit.leasing import Postponed
from checks.kit.model import Clock

SHORTEST, LONGEST = 1.0, 86_400.0
"""Seconds for which a run may put its job off, at least and at most."""
NOT_REFUSED = ("waiting", "no_answer")
SLEPT = 1.0
"""Seconds by which two clocks must part for the PC to have slept."""
Key = tuple[str, str]


class Wait(Struct, kw_only=True):
    """A job that is put off until ``until`` (wall clock, µs; 0 once it ran). ``reason`` is that of a Postponed;
    ``refused`` is the last Denial that the job met, at ``refused_at``."""

    check: str
    target: str = ""
    reason: str = ""
    detail: str = ""
    until: int = 0
    refused: str = ""
    refused_at: int = 0


class Turns:
    """Moves jobs of `schedule`. All but :meth:`direct` belongs to the scheduling thread. ``postponed`` counts the runs
    that were put off."""

    def __init__(self, schedule: Schedule, leases: Leases, clock: Clock, note: Callable[..., None]) -> None:
        self._schedule, self._leases, self._clock, self._note = schedule, leases, clock, note
        self._directives = Directives()
        self._told: collections.deque[list[dict[str, Any]]] = collections.deque(maxlen=8)
        self._waits: dict[Key, Wait] = {}
        self._ahead: float | None = None
        self.postponed = 0

    def direct(self, told: list[dict[str, Any]]) -> None:
        """Takes the directives of an acknowledgement, from any thread; :meth:`follow` does what they ask."""
        self._told.append(told)

    def follow(self, now: float) -> None:
        """Does what the collector asked for, as far as an agent does such things."""
        while self._told:
            done = self._directives.follow(self._told.popleft(), now, lambda check: self._schedule.hurry(check, now))
            for asked in done:
                self._leases.request(asked.check, asked.request)
                self._note("hastened", check=asked.check, request=asked.request)

    def put_off(self, postponed: list[tuple[Key, Postponed]], now: float) -> None:
        """Brings jobs whose runs were postponed again when they asked to be; :meth:`Schedule.finished` comes after."""
        self._notice_sleep(now)
        for key, why in postponed:
            seconds = max(SHORTEST, why.seconds) if why.seconds <= LONGEST else LONGEST
            self._schedule.postpone(key, now + seconds)
            self._write_down(key, why, self._clock.wall(), seconds)
            self._note("postponed", check=key[0], target=key[1], why=why.reason, seconds=round(seconds),
                       detail=why.detail)  # fmt: skip

    def ran(self, job: Key) -> None:
        """The job has a result: it waits no more."""
        wait = self._waits.get(job)
        if wait is not None:
            wait.reason = wait.detail = ""
            wait.until = 0

    def keep_only(self, jobs: set[Key]) -> None:
        """Forgets other jobs, and their leases."""
        self._leases.keep_only(jobs)
        self._waits = {job: wait for job, wait in self._waits.items() if job in jobs}

    def waits(self) -> list[Wait]:
        return list(self._waits.values())

    def numbers(self) -> dict[str, float]:
        """For the agent's health."""
        return {
            "leases_postponed": float(self.postponed),
            "directives_followed": float(self._directives.followed),
            "directives_ignored": float(self._directives.ignored),
        }

    def _write_down(self, job: Key, why: Postponed, wall: int, seconds: float) -> None:
        wait = self._waits.setdefault(job, Wait(check=job[0], target=job[1]))
        wait.reason, wait.detail, wait.until = why.reason[:32], why.detail[:200], wall + int(seconds * 1e6)
        if why.reason not in NOT_REFUSED:
            wait.refused, wait.refused_at = wait.reason, wall
        self.postponed += 1

    def _notice_sleep(self, now: float) -> None:
        """Sleep that `now` does not count (Linux) brings what is put off nearer all the same."""
        ahead = self._clock.mono() / 1e6 - now
        if self._ahead is not None and ahead > self._ahead + SLEPT:
            self._schedule.slept(ahead - self._ahead)
        self._ahead = ahead
