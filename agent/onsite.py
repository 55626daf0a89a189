"""What a technician sees on the spot: each check at once, in words, with the next step under a failure."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from agent import VERSION, refusals
from agent.lasting import Lasting
from agent.leases import Leases
from agent.runner import Find, MakeEnv, Run
from checks.kit import wire
from checks.kit.model import Check, Clock, Job, Outcome, Reason, Result, error
from checks.kit.wire import Batch, Signer

PER_BATCH = 100
TICK = 0.2
"""Seconds between two looks at how long a check has been running."""
PATIENCE = 30.0
"""Seconds that a technician waits for a lease; a longer wait is told instead."""


class Screen(Protocol):
    """Where a technician watches; see :class:`agent.terminal.Terminal`."""

    def begin(self, check: Check, job: Job, number: int, total: int) -> None: ...
    def tick(self, elapsed: float) -> None: ...
    def progress(self, share: float, numbers: Mapping[str, float]) -> None: ...
    def wait(self, left: float) -> None: ...
    def show(self, check: Check, job: Job, result: Result) -> None: ...
    def summary(self, results: list[Result]) -> None: ...
    @property
    def lang(self) -> str: ...


class UsageError(Exception):
    """The command asks for something that cannot be run. ``str()`` is the one line to show."""


def choose(names: Iterable[str], target: str, configured: Iterable[Job], find: Find) -> list[Job]:
    """The jobs to run: all of `configured`, or those of the checks in `names`; with `target`, that one alone.

    A check that is named and not configured runs with its defaults. Raises UsageError.
    """
    jobs, wanted = list(configured), list(dict.fromkeys(names))
    if not wanted:
        if target:
            raise UsageError("--target needs the name of one check, such as: check connectivity --target https://…")
        return jobs
    if target and len(wanted) > 1:
        raise UsageError("--target needs the name of one check, not of several")
    chosen: list[Job] = []
    for name in wanted:
        check = _find(name, find)
        if target:
            chosen.append(_aimed(check, target, jobs))
            continue
        found = [job for job in jobs if job.check == name]
        chosen += found or [_default(check)]
    return chosen


def _find(name: str, find: Find) -> Check:
    try:
        return find(name)
    except LookupError as why:
        raise UsageError(str(why.args[0])) from None


def _aimed(check: Check, target: str, jobs: list[Job]) -> Job:
    for job in jobs:
        if job.key == (check.name, target):
            return job
    fields = [name for name in ("url", "host", "target") if name in check.params.__struct_fields__]
    if not fields:
        raise UsageError(f"{check.name} takes no --target")
    return Job(check=check.name, target=target[:128], every=check.every, params={fields[0]: target})


def _default(check: Check) -> Job:
    needed = [field.name for field in msgspec.structs.fields(check.params) if field.required]
    if needed:
        raise UsageError(f"no {check.name} job is configured here: say what to measure with --target")
    return Job(check=check.name, every=check.every)


def measure(
    job: Job,
    find: Find,
    make_env: MakeEnv,
    clock: Clock,
    screen: Screen | None = None,
    lasting: Lasting | None = None,
    leases: Leases | None = None,
) -> Result:
    """One run of `job`, now. It may read what the agent's runs left in `lasting`, and leaves nothing there.

    A run that must wait for its lease is made once more if that comes within PATIENCE. Without one the result says why,
    and when to ask again.
    """
    check, lang = find(job.check), "en" if screen is None else screen.lang
    run = _run(check, job, make_env, clock, screen, lasting, leases)
    if (why := run.postponed) is not None and why.reason == "waiting" and why.seconds <= PATIENCE:
        _wait(why.seconds, screen)
        run = _run(check, job, make_env, clock, screen, lasting, leases)
    result = run.take()
    if run.postponed is not None:
        result.detail = refusals.on_the_spot(run.postponed, clock.wall(), lang)
    elif leases is None and result.reason == Reason.LEASE_REFUSED:
        result.detail = refusals.alone(lang)
    return result


def _run(
    check: Check,
    job: Job,
    make_env: MakeEnv,
    clock: Clock,
    screen: Screen | None,
    lasting: Lasting | None,
    leases: Leases | None,
) -> Run:
    """A run that has ended, or that is past its deadline."""
    env = make_env(check.timeout)
    if lasting is not None:
        env = msgspec.structs.replace(env, lasting=lasting.of(job.key))
    if leases is not None:
        env = msgspec.structs.replace(env, leases=leases.of(job.key))
    if screen is not None:
        env = msgspec.structs.replace(env, progress=screen.progress)
    run, began = Run(check, job, env, clock, lambda _: None), time.monotonic()
    while run.alive and (left := run.deadline - time.monotonic()) > 0:
        run.wait(left if screen is None else min(left, TICK))
        if screen is not None and run.alive:
            screen.tick(time.monotonic() - began)
    return run


def _wait(seconds: float, screen: Screen | None) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if screen is not None:
            screen.wait(left)
        time.sleep(min(left, TICK))


def run_all(
    jobs: list[Job],
    find: Find,
    make_env: MakeEnv,
    clock: Clock,
    screen: Screen | None,
    lasting: Lasting | None = None,
    leases: Leases | None = None,
) -> list[Result]:
    """Runs `jobs` one after the other, so that none disturbs another's measurement."""
    results: list[Result] = []
    for number, job in enumerate(jobs, 1):
        try:
            check = find(job.check)
        except LookupError as why:
            results.append(_unknown(job, str(why.args[0]), clock))
            continue
        if screen is not None:
            screen.begin(check, job, number, len(jobs))
        results.append(measure(job, find, make_env, clock, screen, lasting, leases))
        if screen is not None:
            screen.show(check, job, results[-1])
    if screen is not None:
        screen.summary(results)
    return results


def exit_code(results: Iterable[Result]) -> int:
    """0 when nothing failed and everything could be measured, else 1."""
    return int(any(result.outcome in (Outcome.FAILED, Outcome.ERROR) for result in results))


def bundle(results: list[Result], device: str, key: Signer, clock: Clock) -> bytes:
    """`results` as a file for a USB stick: envelopes, each after its length (32 bits, big end first).

    The file has an epoch of its own, so its numbers are no others' and importing it twice stores it once.
    """
    epoch = (max(1, clock.wall() // 1_000_000) << 16) | int.from_bytes(os.urandom(2), "big")
    file = b""
    for start in range(0, max(1, len(results)), PER_BATCH):
        part = results[start : start + PER_BATCH]
        for offset, result in enumerate(part):
            result.seq = start + offset + 1
        sealed = wire.seal(_batch(part, device, epoch, clock), key)
        file += struct.pack(">I", len(sealed)) + sealed
    return file


def _batch(results: list[Result], device: str, epoch: int, clock: Clock) -> Batch:
    return Batch(
        v=wire.VERSION,
        agent=device,
        epoch=epoch,
        boot=clock.boot(),
        sent_at=clock.wall(),
        sent_mono=clock.mono(),
        oldest=1,
        results=results,
        version=VERSION,
    )


def _unknown(job: Job, why: str, clock: Clock) -> Result:
    reading = error(Reason.UNSUPPORTED, why)
    return Result(
        check=job.check,
        target=job.target,
        outcome=reading.outcome,
        reason=Reason.UNSUPPORTED.value,
        detail=why[:512],
        at=clock.wall(),
        mono=clock.mono(),
        boot=clock.boot(),
    )
