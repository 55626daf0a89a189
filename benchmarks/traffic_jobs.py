"""Runs jobs as the resident agent does, one after the other: ``python -m benchmarks.traffic_jobs`` in the PC's
namespace. Each line on standard input is a list of jobs; the answer is how each ended."""

from __future__ import annotations

import sys
import time

import msgspec

from agent.runner import run_check
from checks.kit import child, registry
from checks.kit.clock import SystemClock
from checks.kit.host import Host
from checks.kit.model import Env, Job
from checks.kit.net import Net

NET, HOST, CLOCK = Net(), Host(), SystemClock()
MEMORIES: dict[tuple[str, str], dict[str, object]] = {}


def run(job: Job) -> str:
    """``check target outcome reason`` of one run."""
    check = registry.load(job.check)
    env = Env(
        clock=CLOCK,
        net=NET,
        host=HOST,
        child=child,
        deadline=time.monotonic() + check.timeout,
        now=time.monotonic,
        memory=MEMORIES.setdefault(job.key, {}),
    )
    reading, _ = run_check(check, job, env)
    return " ".join((job.check, job.target, reading.outcome, reading.reason or "", reading.detail)).strip()


def main() -> None:
    for line in sys.stdin.buffer:
        answer = [run(job) for job in msgspec.json.decode(line, type=list[Job])]
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
