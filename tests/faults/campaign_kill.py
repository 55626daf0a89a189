"""Kills the agent before every system call of a push, and the collector likewise, over and over, and counts.

``python -m tests.faults.campaign_kill [--seed N] [--most SCHEDULES] [--minutes M]``. Every schedule is a kill and the
start after it. Exit code 1 when anything that was promised is gone, stored twice or changed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from tests.faults.lives import Lives
from tests.faults.nursery import Nursery
from tests.faults.oracle import Findings
from tests.faults.pushes import Pushes
from tests.faults.rig import Rig, rig
from tests.postgres import Cluster

LOOK_EVERY = 20


class Total(Struct):
    """Counts over all rounds of one kind."""

    rounds: int = 0
    schedules: int = 0
    records: int = 0
    acknowledged: int = 0
    unflushed: int = 0
    lost: int = 0
    doubled: int = 0
    altered: int = 0

    def add(self, schedules: int, found: Findings) -> None:
        self.rounds += 1
        self.schedules += schedules
        self.records += found.stored
        self.acknowledged += found.acknowledged
        self.unflushed += found.unflushed
        self.lost += len(found.lost)
        self.doubled += len(found.doubled)
        self.altered += len(found.altered)

    @property
    def wrong(self) -> int:
        return self.lost + self.doubled + self.altered


class Budget:
    """How many schedules are left, and until when."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._until = most, time.monotonic() + seconds

    def take(self) -> bool:
        """One more schedule, unless the budget is spent."""
        self._most -= 1
        return self._most >= 0 and time.monotonic() < self._until

    @property
    def spent(self) -> bool:
        return self._most <= 0 or time.monotonic() >= self._until


@contextmanager
def standing(nursery: Nursery, database: str = "") -> Iterator[tuple[Rig, str]]:
    """A collector that runs, new, and a device's id."""
    with tempfile.TemporaryDirectory(prefix="sansang-kill-") as folder, rig(Path(folder), nursery, database) as made:
        device = made.enrol()
        made.start()
        yield made, device


def agent_round(nursery: Nursery, chance: random.Random, budget: Budget) -> tuple[int, Findings]:
    """An agent with a new spool, killed once before each call of a push, in random order."""
    with standing(nursery) as (collector, device):
        lives = Lives(collector, nursery, device)
        lives.records = chance.randint(1, 5)
        lives.whole()
        points = lives.watched()
        chance.shuffle(points)
        kills = 0
        for last in points:
            if not budget.take():
                break
            kills += lives.killed(last)
            if kills % LOOK_EVERY == 0 and lives.look(drained=False).wrong:
                break
        lives.whole()
        return kills, lives.look()


def collector_round(
    nursery: Nursery, chance: random.Random, budget: Budget, database: str = ""
) -> tuple[int, Findings]:
    """A collector with a new database, killed once before each call that it makes for a push, in random order."""
    with standing(nursery, database) as (collector, device):
        pushes = Pushes(collector, device)
        pushes.push()
        points = pushes.watched()
        chance.shuffle(points)
        kills = 0
        for point in points:
            if not budget.take():
                break
            kills += pushes.killed(point)
        pushes.push()
        return kills, pushes.look()


Round = Callable[[Nursery, random.Random, Budget], tuple[int, Findings]]


def campaign(name: str, seed: int, budget: Budget, one: Round) -> Total:
    """Rounds until the budget is spent; prints what they found."""
    total, begun = Total(), time.monotonic()
    with Nursery() as nursery:
        while not budget.spent and not total.wrong:
            number = seed + total.rounds
            kills, found = one(nursery, random.Random(number), budget)
            total.add(kills, found)
            for line in found.wrong[:10]:
                print(f"{name}, seed {number}: {line}")
    seconds = time.monotonic() - begun
    print(
        f"{name}: {total.schedules} kills in {total.rounds} rounds ({seconds:.0f} s), {total.records} records stored, "
        f"{total.acknowledged} acknowledged, {total.lost} lost, {total.doubled} doubled, {total.altered} altered, "
        f"{total.unflushed} not yet in the spool when the agent was killed",
        flush=True,
    )
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next have the numbers after it")
    parser.add_argument("--most", type=int, default=20_000, help="schedules in all")
    parser.add_argument("--minutes", type=float, default=10.0, help="time in all")
    options = parser.parse_args()

    def share(part: float) -> Budget:
        return Budget(max(1, int(options.most * part)), options.minutes * 60 * part)

    totals = [
        campaign("agent killed", options.seed, share(0.6), agent_round),
        campaign("collector killed, SQLite", options.seed, share(0.2), collector_round),
    ]
    cluster = Cluster()
    try:
        cluster.start()

        def on_postgres(nursery: Nursery, chance: random.Random, budget: Budget) -> tuple[int, Findings]:
            with cluster.database() as url:
                return collector_round(nursery, chance, budget, url)

        totals.append(campaign("collector killed, PostgreSQL", options.seed, share(0.2), on_postgres))
    finally:
        cluster.remove()
    return 1 if any(total.wrong for total in totals) else 0


if __name__ == "__main__":
    sys.exit(main())
