"""Runs a simulated city: lets its devices in, sends their past, then lets them live until it is told to stop."""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from msgspec import Struct, field

from collector.simulate.agent import Agent
from collector.simulate.client import Client, Refused
from collector.simulate.model import SECOND
from collector.simulate.timetable import interval

FIRST = 10.0
"""Seconds within which every job runs for the first time."""
HEARTBEAT = 900 * SECOND
LONGEST_PAUSE = 300.0
AT_ONCE = 200
"""Runs between two looks at the network."""
GOODBYE = 5.0
"""Seconds that pushes under way have at the end."""
FINAL = frozenset({"unknown_agent", "revoked", "bad_signature"})
"""After these a device is heard no more."""


class Counts(Struct):
    """What has become of it so far. ``late`` is how far (s) this machine is behind."""

    results: int = 0
    pushes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    late: float = 0.0


class Drive:
    """Everything after enrolment. `now` is µs since the epoch; `speed` runs jobs so many times as often."""

    def __init__(
        self,
        agents: Sequence[Agent],
        client: Client,
        *,
        speed: float = 1.0,
        connections: int = 64,
        seed: int = 1,
        now: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.counts, self.stop = Counts(), asyncio.Event()
        self._agents, self._client, self._speed, self._now = agents, client, speed, now
        self._chance = random.Random(seed)  # noqa: S311
        self._room = asyncio.Semaphore(connections)
        self._tasks: set[asyncio.Task[None]] = set()
        self._events: list[tuple[float, int, int]] = []
        self._fresh: set[tuple[int, int]] = set()
        self._begin = 0.0

    @property
    def waiting(self) -> int:
        return sum(agent.outbox.waiting for agent in self._agents)

    async def past(self, begins: Iterable[int], end: int) -> None:
        """Sends what each agent would have measured since its moment of `begins` (µs)."""

        async def one(agent: Agent, begin: int) -> None:
            async with self._room:
                if not self.stop.is_set():
                    agent.is_past = True
                    agent.history(begin, end)
                    await self._until_taken(agent)
                    agent.is_past = False

        await _few(8, (one(agent, begin) for agent, begin in zip(self._agents, begins, strict=True)))

    async def once(self) -> None:
        """Every job runs once, now."""

        async def one(agent: Agent) -> None:
            async with self._room:
                for job in agent.jobs:
                    agent.measure(job, self._now())
                await self._until_taken(agent)

        await _few(8, (one(agent) for agent in self._agents))

    async def live(self, seconds: float | None = None) -> None:
        """Runs jobs at their times and sends as agents do, for so many `seconds` or until :attr:`stop`."""
        begin, present = time.monotonic(), self._now()
        self._begin = begin
        for index, agent in enumerate(self._agents):
            for number, (job, part) in enumerate(zip(agent.jobs, agent.parts, strict=True)):
                heapq.heappush(self._events, (begin + part * min(job.every, FIRST) / self._speed, index, number))
            linger = agent.config.push.linger / self._speed
            heapq.heappush(self._events, (begin + self._chance.random() * min(linger, FIRST), index, -1))
            self._fresh.update((index, what) for what in range(-1, len(agent.jobs)))
            for at, number in agent.last_words():
                if at >= present:
                    heapq.heappush(self._events, (begin + (at - present) / 1e6, index, -2 - number))
        until = None if seconds is None else begin + seconds
        while not self.stop.is_set() and (until is None or time.monotonic() < until):
            await self._step()
        await self._finish()

    async def _step(self) -> None:
        """What is due, at most AT_ONCE of it."""
        now = time.monotonic()
        for _ in range(AT_ONCE):
            if not self._events or self._events[0][0] > now:
                break
            due, index, what = heapq.heappop(self._events)
            self._act(self._agents[index], index, what, due, now)
        behind = now - self._events[0][0] if self._events else 0.0
        self.counts.late = max(0.0, behind)
        if behind > 0:
            await asyncio.sleep(0)
            return
        pause = min(0.2, -behind) if self._events else 0.2
        try:
            await asyncio.wait_for(self.stop.wait(), pause)
        except TimeoutError:
            return

    def _act(self, agent: Agent, index: int, what: int, due: float, now: float) -> None:
        """A run (its job's number), a push (-1), or last words (-2 and below); and when it comes again."""
        at = self._now()
        if what < -1:
            agent.measure(agent.jobs[-2 - what], at, dying=True)
            self._send(agent, now)
            return
        if what == -1:
            linger = agent.config.push.linger / self._speed * self._chance.uniform(0.9, 1.1)
            if self._is_first(index, what):
                linger *= self._chance.random()
            heapq.heappush(self._events, (now + linger, index, -1))
            if agent.outbox.waiting or at - agent.outbox.contact > HEARTBEAT:
                self._send(agent, now)
            return
        job = agent.jobs[what]
        every = interval(agent.config, job, at / 1e6)
        again = (every or job.every) / self._speed
        then = due + again
        if self._is_first(index, what):  # from now on at its own place in the interval
            place = self._begin + agent.parts[what] * again
            then = place if place > now else place + again
        heapq.heappush(self._events, (max(now, then), index, what))
        if every is not None:
            agent.measure(job, at)

    def _is_first(self, index: int, what: int) -> bool:
        """Whether it had not come before. All agents begin within seconds, and would stay together."""
        first = (index, what) in self._fresh
        self._fresh.discard((index, what))
        return first

    def _send(self, agent: Agent, now: float) -> None:
        if agent.is_sending or agent.is_out or now < agent.not_before or agent.is_mute(self._now()):
            return
        agent.is_sending = True
        task = asyncio.get_running_loop().create_task(self._sent(agent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sent(self, agent: Agent) -> None:
        try:
            async with self._room:
                pause = await self._drain(agent)
            agent.not_before = time.monotonic() + pause
        finally:
            agent.is_sending = False

    async def _drain(self, agent: Agent) -> float:
        """Sends what waits; seconds to pause before the next time."""
        while True:
            sent = agent.sealed(self._now())
            try:
                ack = await self._client.push(sent.sealed)
            except Refused as why:
                return self._pause(agent, why)
            self.counts.pushes += 1
            if not agent.outbox.acknowledged(sent, ack, self._now()):
                self.counts.refused["bad_answer"] += 1
                return 1.0
            self.counts.results += len(sent.numbers)
            if not agent.outbox.waiting or self.stop.is_set():
                return ack.retry_after or 0.0

    def _pause(self, agent: Agent, why: Refused) -> float:
        """Full jitter, as agents have it; what the collector asks for goes before."""
        self.counts.refused[why.code] += 1
        agent.outbox.failures += 1
        agent.is_out = why.code in FINAL
        longest = min(LONGEST_PAUSE, 2.0 ** min(agent.outbox.failures, 9))
        return (why.retry_after or 0.0) + self._chance.random() * longest

    async def _until_taken(self, agent: Agent) -> None:
        while agent.outbox.waiting and not agent.is_out and not self.stop.is_set():
            pause = await self._drain(agent)
            if agent.outbox.waiting:
                await _first(self.stop, pause)

    async def _finish(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GOODBYE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def _first(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _few(many: int, work: Iterable[Awaitable[None]]) -> None:
    """Runs all of `work`, `many` at a time, in order."""
    waiting = iter(work)

    async def worker() -> None:
        for one in waiting:
            await one

    async with asyncio.TaskGroup() as group:
        for _ in range(many):
            group.create_task(worker())
