"""Runs jobs as the resident agent does, one after the other: ``python -m benchmarks.traffic_jobs`` in the PC's
namespace. Each line on standard input is a list of jobs; the answer is a list of :class:`Run`."""

from __future__ import annotations

import resource
import statistics
import sys
import time
import zlib
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from agent.runner import run_check
from checks.kit import child
from checks.kit.apart import Checks
from checks.kit.clock import SystemClock
from checks.kit.host import Host
from checks.kit.model import Boot, Env, Job, Reading, Result
from checks.kit.net import Net

NET, HOST, CLOCK = Net(), Host(), SystemClock()
FOUND = Checks(child)
MEMORIES: dict[tuple[str, str], dict[str, Any]] = {}
LASTING: dict[tuple[str, str], dict[str, Any]] = {}
DAY = 86_400_000_000
Key = TypeVar("Key", bound=Hashable)
SECRET = b"the device's own secret, 32 bytes"[:32]


class Run(Struct):
    """``check target outcome reason detail`` of one run; its CPU seconds, ended children included, and its seconds by
    the clock; its result, as it goes into a batch."""

    said: str
    cpu: float
    wall: float
    result: msgspec.Raw


def packed(results: Mapping[Key, bytes]) -> dict[Key, float]:
    """Bytes by which each result makes a deflated batch of one other longer, the mean over all others: a push of a
    city's PC holds two or three."""

    def size(*texts: bytes) -> int:
        return len(zlib.compress(b",".join(texts), 6))

    alone = {key: size(text) for key, text in results.items()}
    return {
        key: statistics.mean(size(other, text) - alone[beside] for beside, other in results.items() if beside != key)
        for key, text in results.items()
    }


def run(job: Job) -> Run:
    """One run, with what the runs before it left behind."""
    check = FOUND.find(job.check)
    wall = CLOCK.wall()
    env = Env(
        clock=CLOCK,
        net=NET,
        host=HOST,
        child=child,
        deadline=time.monotonic() + check.timeout,
        now=time.monotonic,
        memory=MEMORIES.setdefault(job.key, {}),
        lasting=LASTING.setdefault(job.key, {}),
        boots=(Boot("a", wall - 2 * DAY, wall - DAY, 20.0, True), Boot("b", wall, wall, 20.0)),
        secret=SECRET,
    )
    before, began = _cpu(), time.monotonic()
    reading, _ = run_check(check, job, env)
    took, cpu = time.monotonic() - began, _cpu() - before
    said = " ".join((job.check, job.target, reading.outcome, reading.reason or "", reading.detail)).strip()
    return Run(said, cpu, took, msgspec.Raw(msgspec.json.encode(_result(job, reading, took))))


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in spent)


def _result(job: Job, reading: Reading, took: float) -> Result:
    return Result(
        check=job.check,
        target=job.target,
        outcome=reading.outcome,
        reason="" if reading.reason is None else reading.reason.value,
        detail=reading.detail,
        at=CLOCK.wall(),
        mono=CLOCK.mono(),
        boot=CLOCK.boot(),
        took=round(took * 1e6),
        samples=reading.samples,
        facts=reading.facts,
        seq=100_000,
    )


def main() -> None:
    for line in sys.stdin.buffer:
        answer = [run(job) for job in msgspec.json.decode(line, type=list[Job])]
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
