"""The jobs of a PC of Ho Chi Minh City as the benchmark's lab can serve them, and what one run of each check costs.

A run is made as the resident agent makes it, by a process that is started like it, several times after a first one.
Rare checks do not run while the agent is watched: their cost is their runs in an office hour times one run's.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from agent import launch
from agent.config import AgentConfig
from benchmarks.accuracy_lab import end, exchange
from benchmarks.desk import Params
from benchmarks.peers import LINE
from benchmarks.table import Row
from benchmarks.traffic_jobs import Run, packed
from collector import catalog, config
from tests.configs.loading import MEASURES

ROOT = Path(__file__).resolve().parent.parent
UNIT = "27259"
JOBS = list[dict[str, Any]]
HOUR = 3600.0


class Cost(Struct, kw_only=True):
    """One run of a check, medians: CPU seconds, seconds by the clock, bytes of its result as JSON and, deflated, what
    it adds to a batch of another result. ``first`` is the CPU of the first run, which makes its bytecode and may learn
    what later ones keep. ``hourly`` are its runs in an office hour, of all its jobs."""

    cpu: float
    first: float
    wall: float
    size: int
    packed: float
    hourly: float


def jobs(page: str, office: bool, desk: Mapping[str, Params]) -> JOBS:
    """What the collector serves to such a PC in office hours, with targets that are here: `page` for every system, the
    benchmark's own line, the parts of `desk`. Without an `office` only the systems and this PC itself remain."""
    served = catalog.load(replace(config.load(config.SHIPPED / "collector.yaml"), locality="hcmc"), MEASURES)
    line: dict[str, Params] = {job["check"]: job.get("params", {}) for job in LINE}
    found: JOBS = []
    for job in served.device_config(UNIT, "pc").jobs:
        if not office and job.check in line:
            continue
        params = {"url": page} if job.check == "connectivity" else line.get(job.check) or desk.get(job.check, {})
        found.append({"check": job.check, "target": job.target, "every": job.every, "params": params})
    return found


def costs(folder: Path, environment: Mapping[str, str], told: JOBS, runs: int) -> dict[str, Cost]:
    """What a run of each check costs; one that does not work costs something else, and is said on standard error."""
    settings = AgentConfig(state_dir=str(folder / "state"))
    environment = launch.environment_for(settings, environment)
    command = [sys.executable, *launch.FLAGS, "-m", "benchmarks.traffic_jobs"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe)
    each = {job["check"]: job for job in told}  # of several systems one stands for all
    try:
        made = {name: [exchange(process, [job], list[Run])[0] for _ in range(runs + 1)] for name, job in each.items()}
    finally:
        end(process)
    for several in made.values():
        if " ok" not in several[-1].said:
            print(several[-1].said, file=sys.stderr)
    last = {name: bytes(several[-1].result) for name, several in made.items()}
    sizes = packed(last)
    return {
        name: Cost(
            cpu=statistics.median(one.cpu for one in several[1:]),
            first=several[0].cpu,
            wall=statistics.median(one.wall for one in several[1:]),
            size=len(last[name]),
            packed=sizes[name],
            hourly=sum(HOUR / job["every"] for job in told if job["check"] == name),
        )
        for name, several in made.items()
    }


def rows(found: Mapping[str, Cost]) -> Iterator[Row]:
    """Each check's run, figure by figure."""
    for name, cost in sorted(found.items()):
        yield Row(name=f"{name}, {cost.hourly:.3g} runs an office hour", unit="s CPU", ours=cost.cpu)
        yield Row(name="", unit="s CPU, first run", ours=cost.first)
        yield Row(name="", unit="s", ours=cost.wall)
        yield Row(name="", unit="bytes JSON", ours=cost.size)
        yield Row(name="", unit="bytes deflated", ours=cost.packed)
