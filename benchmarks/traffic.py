"""What one PC of Ho Chi Minh City sends in a day at the default intervals: by check, by push, in all; received too.

The real locality on a real collector, the real resident agent, TLS with RSA chains, every system answering 60 kB on
both IP versions, 10 ms away. Bytes are those of whole IP packets, as the kernel counts them on the PC's device.

A check's bytes are the mean of several runs of each of its jobs, times its runs in a working day, office hours and the
time outside them at their own intervals; what a first run sends more than later ones, as for a new revocation list, is
added once. A push's bytes are the resident agent's with every interval and the push's own shortened alike, so that a
push holds as many results as in a real day: once as in office hours, once as outside. Results that come so seldom that
none came while it was watched are added, by what each is more in a deflated batch. Batches sent only to say that the
agent lives come from the schedule of a day, at the price of a push with one result. Needs root.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, its folder is on the path instead

import msgspec
import yaml
from msgspec import Struct

from agent.push import HEARTBEAT
from agent.schedule import Schedule
from benchmarks.accuracy_lab import ROOT, end, exchange
from benchmarks.table import Row, arguments, report
from benchmarks.traffic_jobs import Run, packed
from benchmarks.traffic_lab import JOBS, Place, Used, place
from checks.kit.model import Job

GOAL = 1_000_000.0
DAY = 86_400.0
SHORTER = 60.0
"""How much shorter a minute is while the resident agent is watched; its linger may not become less than 1 s."""
SETTLE, WATCH = 20.0, 120.0
KB = 1e3
NOTHING = Used(0, 0)


class Regime(Struct, frozen=True):
    """The part of a working day in office hours, or outside: its seconds, and each job's interval then."""

    name: str
    seconds: float
    jobs: JOBS

    def shortened(self, linger: float) -> dict[str, Any]:
        """What the agent is told instead, to live SHORTER times as fast."""
        jobs = [job | {"every": max(1.0, job["every"] / SHORTER)} for job in self.jobs]
        return {"jobs": jobs, "push": {"linger": linger / SHORTER}, "hours": None, "maintenance": [], "limits": {}}


def hosts() -> list[str]:
    """The names of the locality's systems."""
    text = (ROOT / "configs/localities/hcmc.yaml").read_text("utf-8")
    urls = [target.get("url", "") for target in yaml.safe_load(text)["targets"]]
    return sorted({url.split("/")[2] for url in urls if url})


def regimes(config: dict[str, Any]) -> list[Regime]:
    """A Monday, in office hours and outside. Outside them a job has its own interval, or (0) none."""
    hours = config.get("hours")
    spans = hours["week"] if hours else [[0, 1440]]
    office = 60.0 * sum(min(end, 1440) - begin for begin, end in spans if begin < 1440)
    outside = []
    for job in config["jobs"]:
        every = job.get("every", 300.0)
        asked = job.get("off_hours_every", every)
        if asked:  # never more often than in office hours: agent/timetable.py
            outside.append(job | {"every": max(every, asked)})
    plain = [_plain(job | {"every": job.get("every", 300.0)}) for job in config["jobs"]]
    return [
        Regime("office hours", office, plain),
        Regime("outside them", DAY - office, [_plain(job) for job in outside]),
    ]


def _plain(job: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key != "off_hours_every"}


class Cost(Struct, frozen=True):
    """What a run of a job uses, and its first run more than later ones; its result, as JSON."""

    used: Used
    first: Used
    result: bytes


COSTS = dict[tuple[str, str], Cost]


def by_check(here: Place, jobs: JOBS, runs: int) -> COSTS:
    """Bytes of one run of each job, after a first one that may learn more than later ones do."""
    process = here.office.pc.start(
        sys.executable, "-m", "benchmarks.traffic_jobs", cwd=ROOT, env=here.environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    found: COSTS = {}
    try:
        for job in jobs:
            first, *later = (_run(here, process, job) for _ in range(runs + 1))
            if " ok" not in first[0].said:
                print(first[0].said, file=sys.stderr)
            used = sum((used for _, used in later), NOTHING) * (1 / runs)
            more = first[1] - used
            more = Used(max(0.0, more.sent), max(0.0, more.received))
            found[(job["check"], job.get("target", ""))] = Cost(used, more, bytes(later[-1][0].result))
    finally:
        end(process)
    return found


def _run(here: Place, process: subprocess.Popen[bytes], job: dict[str, Any]) -> tuple[Run, Used]:
    before = here.all()
    said = exchange(process, [job], list[Run])
    time.sleep(0.1)  # the last acknowledgements are still on their way
    return said[0], here.all() - before


def unseen(part: Regime, sizes: dict[tuple[str, str], float], watch: float) -> float:
    """Bytes that results of `part` add to its pushes, of jobs that run too seldom to be seen in `watch` seconds."""
    rare = [job for job in part.jobs if job["every"] / SHORTER > watch]
    return sum((sizes[(job["check"], job.get("target", ""))] * part.seconds / job["every"] for job in rare), 0.0)


class Pushing(Struct, frozen=True):
    """What the resident agent sent to the collector while it was watched: bytes, pushes, results; and all bytes."""

    push: Used
    all: Used
    pushes: float
    results: float
    seconds: float

    @property
    def each(self) -> Used:
        return self.push * (1 / max(1.0, self.pushes))


def resident(here: Place, config: dict[str, Any], regime: Regime, watch: float) -> Pushing:
    """The agent under `regime`, in its shorter minutes."""
    here.tell(config | regime.shortened(config["push"]["linger"]))
    with here.agent():
        time.sleep(SETTLE)
        push, everything, status, began = here.push(), here.all(), here.status(), time.monotonic()
        time.sleep(watch)
        after, took = here.status(), time.monotonic() - began
        return Pushing(
            here.push() - push,
            here.all() - everything,
            after["contact"]["pushes"] - status["contact"]["pushes"],
            took * sum(SHORTER / job["every"] for job in regime.jobs),
            took,
        )


def pushes_a_day(regime: Regime, linger: float, device: str = "a") -> tuple[float, float]:
    """(pushes with results, pushes without) of a day under `regime`, from the agent's own schedule."""
    schedule = Schedule(device)
    schedule.replace([msgspec.convert(job, Job) for job in regime.jobs], 0.0)
    now, contact, waiting, full, empty = 0.0, 0.0, False, 0, 0
    while now < 2 * DAY:
        now += linger
        for job in schedule.due(now, len(regime.jobs)):
            schedule.finished(job.key)
            waiting = True
        if waiting or now - contact >= HEARTBEAT:
            if now > DAY:  # the first day has the runs of a start in it
                full, empty = full + waiting, empty + (not waiting)
            contact, waiting = now, False
    return float(full), float(empty)


def rows(here: Place, *, short: bool) -> Iterator[Row]:
    """Sent and received a day: each check, the pushes, all of it against the goal."""
    config, watch = here.told(), 20.0 if short else WATCH
    parts = regimes(config)
    cost = by_check(here, config["jobs"], 1 if short else 5)
    sizes, total = packed({key: one.result for key, one in cost.items()}), NOTHING
    for check in sorted({job["check"] for job in config["jobs"]}):
        used = sum((one.first for (name, _), one in cost.items() if name == check), NOTHING)
        for part in parts:
            for job in part.jobs:
                if job["check"] == check:
                    used += cost[(check, job.get("target", ""))].used * (part.seconds / job["every"])
        total += used
        yield from _both(f"{check}, {_runs(parts, check):.0f} runs", used)
        yield from _one(check, cost, sizes)
    for part in parts:
        seen = resident(here, config, part, watch)
        full, empty = pushes_a_day(part, config["push"]["linger"])
        share, rare = part.seconds / DAY, unseen(part, sizes, watch)
        used = seen.each * (full * share) + seen.each * (empty * share) + Used(rare, 0)
        total += used
        yield from _both(f"push in {part.name}, {full * share:.0f} with results, {empty * share:.0f} without", used)
        yield Row(name=f"  one push in {part.name}", unit="bytes sent", ours=seen.each.sent)
        yield Row(name=f"  rare results in {part.name}", unit="kB/day sent", ours=rare / KB)
        if part is parts[0]:  # outside office hours intervals are longer than the agent is watched
            yield _cross_check(part, cost, seen)
    yield Row(name="all", unit="kB/day sent", ours=total.sent / KB, goal=GOAL / KB, met=total.sent <= GOAL)
    yield Row(name="all", unit="kB/day received", ours=total.received / KB)


def _cross_check(part: Regime, cost: COSTS, seen: Pushing) -> Row:
    """What the checks send by the sums above, beside what they sent as the resident agent ran them."""
    summed = sum(cost[(job["check"], job.get("target", ""))].used.sent * SHORTER / job["every"] for job in part.jobs)
    ran = (seen.all - seen.push).sent / seen.seconds
    return Row(name="  checks, summed and run by the agent", unit="bytes/s", ours=summed, peer=ran, peer_name="agent")


def _one(check: str, cost: COSTS, sizes: dict[tuple[str, str], float]) -> Iterator[Row]:
    """A run of `check`, the mean of its jobs, and what its result adds to a push."""
    keys = [key for key in cost if key[0] == check]
    mean = sum((cost[key].used for key in keys), NOTHING) * (1 / len(keys))
    if mean.sent:
        yield Row(name="  one run", unit="bytes sent", ours=mean.sent)
        yield Row(name="  one run", unit="bytes received", ours=mean.received)
    yield Row(name="  its result in a batch", unit="bytes", ours=sum(sizes[key] for key in keys) / len(keys))


def _both(name: str, used: Used) -> Iterator[Row]:
    yield Row(name=name, unit="kB/day sent", ours=used.sent / KB)
    yield Row(name=name, unit="kB/day received", ours=used.received / KB)


def _runs(parts: list[Regime], check: str) -> float:
    return sum(part.seconds / float(job["every"]) for part in parts for job in part.jobs if job["check"] == check)


def main() -> int:
    options = arguments(__doc__ or "")
    with place(hosts()) as here:
        found = list(rows(here, short=options.short))
    report("What one PC sends and receives in a working day", found, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
