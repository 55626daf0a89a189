"""Runs checks: owns the deadline, the duration, the outcome and the isolation, so that no check can forget them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from agent import clean
from agent.lasting import Key, Lasting
from checks.kit.leasing import Leases, Postponed
from checks.kit.model import (
    Check,
    Clock,
    Env,
    Job,
    Outcome,
    Reading,
    Reason,
    Result,
    Sample,
    decode_params,
    error,
)

GRACE = 1.0
"""Seconds past its deadline in which a check may still say itself what it waited for."""
SLOTS = 4
"""Runs at a time, when nothing else is said."""

MakeEnv = Callable[[float], Env]
Find = Callable[[str], Check]


def run_check(check: Check, job: Job, env: Env) -> tuple[Reading, int]:
    """One run in this thread: its reading, whatever happened, and the samples that had to be dropped.

    Raises Postponed for a run that must wait, and that nothing is to be said of.
    """
    try:
        params = decode_params(check, job.params)
    except Exception as wrong:
        return error(Reason.BAD_PARAMS, clean.exception(wrong)), 0
    try:
        reading: object = check.run(params, env)
        if not isinstance(reading, Reading):
            return error(Reason.INTERNAL, f"the check returned {type(reading).__name__}, not a Reading"), 0
        kept, dropped = clean.samples(reading)
        return _cleaned(reading, kept), dropped
    except Postponed:
        raise
    except BaseException as wrong:  # SystemExit too: a check must not end its thread without a reading
        return error(Reason.INTERNAL, clean.exception(wrong)), 0


def _cleaned(reading: Reading, kept: tuple[Sample, ...]) -> Reading:
    return Reading(
        outcome=Outcome(reading.outcome),
        reason=None if reading.reason is None else Reason(reading.reason),
        detail=clean.text(str(reading.detail), clean.DETAIL),
        samples=kept,
        facts=clean.facts(reading),
    )


class Run:
    """One run of a job, in a thread of its own. Read ``lasting``, ``dropped`` and ``postponed`` once it is not
    ``alive``; a run that is postponed has no result."""

    def __init__(self, check: Check, job: Job, env: Env, clock: Clock, ended: Callable[[Run], None]) -> None:
        self.job, self.deadline = job, env.deadline + GRACE
        self.lasting = env.lasting
        self.dropped = 0
        self.postponed: Postponed | None = None
        self._check, self._env, self._clock, self._ended = check, env, clock, ended
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._at, self._mono, self._boot, self._took = clock.wall(), clock.mono(), clock.boot(), 0
        self._thread = threading.Thread(target=self._work, name=f"check {job.check}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        with self._lock:
            return self._reading is None

    def wait(self, seconds: float) -> None:
        self._thread.join(max(0.0, seconds))

    def take(self) -> Result:
        """The result so far: of a run that has not ended, that its deadline passed."""
        with self._lock:
            reading = self._reading
            if reading is None:
                reading = error(Reason.DEADLINE, "the check did not end in time")
                self._took = self._clock.mono() - self._mono
        return Result(
            check=self.job.check,
            target=clean.text(self.job.target, 128),
            outcome=reading.outcome,
            reason="" if reading.reason is None else reading.reason.value,
            detail=reading.detail,
            at=self._at,
            mono=self._mono,
            boot=self._boot,
            took=max(0, self._took),
            samples=reading.samples,
            facts=reading.facts,
        )

    def _work(self) -> None:
        try:
            reading, dropped = run_check(self._check, self.job, self._env)
        except Postponed as why:
            reading, dropped, self.postponed = error(Reason.LEASE_REFUSED, clean.exception(why)), 0, why
        with self._lock:
            self._reading, self.dropped = reading, dropped
            self._took = self._clock.mono() - self._mono
        self._ended(self)


class Runner:
    """Runs some jobs at a time. Called from one thread; `wake` is called from others when a run ends.

    A run that passes its deadline is given up: its result is ``error/deadline``, its slot is free, and its job does
    not start again until the thread has ended. What a job's check leaves in its memory stays until the job goes, or
    gets other params; what it leaves in ``lasting`` is taken over when its thread has ended. Runs that are postponed
    have no result: whoever takes them out of ``postponed`` brings their jobs again.
    """

    def __init__(
        self,
        find: Find,
        make_env: MakeEnv,
        clock: Clock,
        wake: Callable[[], None],
        lasting: Lasting | None = None,
        leases: Callable[[Key], Leases] | None = None,
    ) -> None:
        self._find, self._make_env, self._clock, self._wake = find, make_env, clock, wake
        self._lasting, self._leases = lasting or Lasting(), leases
        self.postponed: list[tuple[Key, Postponed]] = []
        self._slots, self._per_check = SLOTS, dict[str, int]()
        self._memory: dict[Key, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._running: list[Run] = []
        self._abandoned: list[Run] = []
        self.late = 0
        self.dropped_samples = 0

    @property
    def free(self) -> int:
        return self._slots - len(self._running)

    def room(self, check: str) -> int:
        """How many more runs of `check` its own limit allows."""
        if check not in self._per_check:
            return self._slots
        return self._per_check[check] - sum(run.job.check == check for run in self._running)

    def limit(self, slots: int, per_check: dict[str, int]) -> None:
        """From now on at most so many runs at a time, and so many of a check. What runs goes on."""
        self._slots, self._per_check = slots, per_check

    def remember(self, jobs: Iterable[Job]) -> None:
        """Forgets what jobs left that are not among `jobs`, or whose params are others there."""
        wanted = {job.key: job.params for job in jobs}
        self._memory = {key: kept for key, kept in self._memory.items() if wanted.get(key) == kept[0]}

    def start(self, job: Job) -> None:
        """Starts `job`. Raises LookupError when there is no such check."""
        check = self._find(job.check)
        _, memory = self._memory.setdefault(job.key, (job.params, {}))
        lasting, leases = self._lasting.of(job.key), None if self._leases is None else self._leases(job.key)
        env = msgspec.structs.replace(self._make_env(check.timeout), memory=memory, lasting=lasting, leases=leases)
        self._running.append(Run(check, job, env, self._clock, lambda _: self._wake()))

    def collect(self, now: float) -> tuple[list[Result], list[Key]]:
        """The results that are due at `now` (``time.monotonic``), and the jobs whose threads have ended since."""
        results: list[Result] = []
        ended: list[Key] = []
        for run in [run for run in self._abandoned if not run.alive]:
            self._abandoned.remove(run)
            ended.append(run.job.key)
            self._lasting.put(run.job.key, run.lasting)
        for run in list(self._running):
            if not run.alive:
                ended.append(run.job.key)
                self._lasting.put(run.job.key, run.lasting)
            elif now < run.deadline:
                continue
            else:
                self._abandoned.append(run)
                self.late += 1
            self._running.remove(run)
            if run.postponed is not None:
                self.postponed.append((run.job.key, run.postponed))
                continue
            results.append(run.take())
            self.dropped_samples += run.dropped
        return results, ended

    def wait(self, now: float) -> float | None:
        """Seconds until the next deadline, None when nothing runs."""
        return max(0.0, min(run.deadline for run in self._running) - now) if self._running else None

    def finish(self, seconds: float) -> list[Result]:
        """Waits up to `seconds` for what runs; returns the results of those that ended, leaves out the others."""
        until = time.monotonic() + seconds
        for run in self._running:
            run.wait(until - time.monotonic())
        ended = [run for run in self._running if not run.alive]
        self._running = [run for run in self._running if run.alive]
        for run in ended:
            self._lasting.put(run.job.key, run.lasting)
        return [run.take() for run in ended if run.postponed is None]
