"""When the agents of a simulated city run their jobs and send."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from collector.plan import Limits
from collector.served import DeviceConfig, Push, ServedJob
from collector.simulate import drive as module
from collector.simulate.agent import Agent
from collector.simulate.client import Client
from collector.simulate.drive import Drive

PCS, EVERY = 60, 1800.0


class Clock:
    """Stands for the modules time and asyncio: waiting takes no time."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait_for(self, waited: Coroutine[Any, Any, Any], seconds: float) -> None:
        waited.close()
        self.at += seconds
        raise TimeoutError


class Pc:
    """A device with one job, which writes down when it ran and when it would have sent."""

    def __init__(self, number: int, clock: Clock) -> None:
        self.now = clock.monotonic
        self.jobs = [ServedJob(check="lan", every=EVERY)]
        self.parts = [number / PCS]
        self.config = DeviceConfig(
            etag="1", unit="26740", jobs=self.jobs, push=Push(EVERY), hours=None, maintenance=[], limits=Limits()
        )
        self.outbox = SimpleNamespace(waiting=0, contact=0)
        self.is_sending = self.is_out = False
        self.not_before = 0.0
        self.runs: list[float] = []
        self.sends: list[float] = []

    def last_words(self) -> Sequence[tuple[int, int]]:
        return []

    def measure(self, _job: ServedJob, _at: int, **_: Any) -> bool:
        self.runs.append(self.now())
        return True

    def is_mute(self, _at: int) -> bool:
        self.sends.append(self.now())
        return True


def most_at_once(moments: Sequence[float], begin: float) -> float:
    """The largest share of those in the interval after `begin` that lies in a quarter of it."""
    within = [moment for moment in moments if begin <= moment < begin + EVERY]
    assert len(within) > PCS / 2
    return max(sum(one <= other < one + EVERY / 4 for other in within) for one in within) / len(within)


async def test_agents_that_begin_together_do_not_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every job runs at once to show something, and then at its own place in its interval; so do pushes."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "asyncio", clock)
    pcs = [Pc(number, clock) for number in range(PCS)]
    city = Drive(cast("list[Agent]", pcs), cast("Client", None), seed=1, now=lambda: int(clock.at * 1e6))
    begin = clock.at
    await city.live(2.5 * EVERY)
    runs, sends = ([moment for pc in pcs for moment in getattr(pc, kind)] for kind in ("runs", "sends"))
    assert min(len(pc.runs) for pc in pcs) >= 3
    assert most_at_once(runs, begin + 1.2 * EVERY) < 0.5
    assert most_at_once(sends, begin + 1.2 * EVERY) < 0.6
    soon = [pc.runs[1] - pc.runs[0] for pc in pcs]
    assert min(soon) < EVERY / 4
    assert max(soon) > EVERY / 2
