"""Sends one endpoint's queue: a load of rows at a time, one request at a time, deleted once every sample has its fate.

The process may die anywhere. What was sent and not deleted is sent again with the same times and values, which
receivers take as the same.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence

from collector.exposition import Catalogue
from collector.log import one_line
from collector.remote import answers, proto, samples
from collector.remote.answers import Answer, Fate
from collector.remote.client import Client
from collector.remote.meters import Meters
from collector.remote.parcel import Parcel
from collector.remote.proto import Point
from collector.remote.queue import unpack
from collector.remote.settings import Endpoint
from collector.store import outbound
from collector.store.engine import Store
from collector.store.outbound import Row

IDLE = 1.0
"""Seconds between two looks at an empty queue."""
LOADS = 4
"""Requests that one load may fill: what is in memory beside the store."""
REST = 3.0
"""Rest after packing, in times of what packing took: a quarter of one core at most, beside the live service."""
log = logging.getLogger("sansang")


class Sender:
    """The queue of `endpoint` and the way to it. `now` is µs since the epoch; `holder` names this process among those
    that share the store. Run :meth:`run` as a task; cancel it at any time."""

    def __init__(
        self,
        endpoint: Endpoint,
        store: Store,
        catalogue: Catalogue,
        meters: Meters,
        *,
        holder: str,
        now: Callable[[], int],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.endpoint = endpoint
        self._store, self._catalogue, self._meters = store, catalogue, meters
        self._holder, self._now, self._chance = holder, now, chance
        self._client = Client(endpoint)
        self._added = tuple(sorted(endpoint.labels.items()))
        self._parcels: deque[Parcel] = deque()
        self._rows: tuple[int, ...] = ()
        self._turn_ends = 0
        self._failures = 0
        self._trouble = ""
        self._vouched = False
        self._told: set[str] = set()
        meters.opened(endpoint.name)

    @property
    def held(self) -> tuple[int, ...]:
        """Rows that are being sent now."""
        return self._rows

    async def run(self) -> None:
        """Sends for ever; what goes wrong is waited out."""
        try:
            while True:
                try:
                    rest = await self._step()
                except Exception as why:  # the store, most likely: it is asked again
                    rest = self._again("store", one_line(why), 0.0)
                await asyncio.sleep(rest)
        finally:
            await self._client.close()

    async def _step(self) -> float:
        """One request, or one look for more; seconds to rest then."""
        if not await self._my_turn():
            return IDLE
        while self._parcels and not self._parcels[0].next:
            self._parcels.popleft()
        if self._parcels:
            return await self._send(self._parcels[0])
        if self._rows:
            rows = self._rows
            await self._store.write(lambda connection: outbound.delete(connection, rows))
            self._rows = ()
        return await self._load()

    async def _my_turn(self) -> bool:
        """Whether no other process sends here. An embedded store has no other."""
        if self._store.exclusive:
            return True
        now, length = self._now(), int(self.endpoint.timeout_seconds * 2e6)
        if self._turn_ends - now > length // 2:
            return True
        name, until = self.endpoint.name, now + length
        mine = await self._store.write(lambda each: outbound.claim(each, name, self._holder, now, until))
        self._turn_ends = until if mine else 0
        if not mine:
            self._parcels.clear()
            self._rows = ()
        return mine

    async def _load(self) -> float:
        """Takes the oldest rows into memory, as requests."""
        name, most = self.endpoint.name, LOADS * self.endpoint.max_samples
        rows = await self._store.read(lambda connection: outbound.load(connection, name, most))
        if not rows:
            return IDLE
        began = time.perf_counter()
        parts = await asyncio.to_thread(self._pack, rows)
        self._rows = tuple(row.id for row in rows)
        self._parcels.extend(Parcel(part) for part in parts)
        self._vouched = False
        self._told.clear()
        return REST * (time.perf_counter() - began)

    def _pack(self, rows: Sequence[Row]) -> list[list[Point]]:
        entries: list[samples.Entry] = []
        for row in rows:
            try:
                entries += unpack(row.body)
            except ValueError as why:
                log.error("remote write: a row is damaged", extra={"row": row.id, "why": one_line(why)})
                self._drop("unreadable", 1)
        found = samples.points(entries, self._catalogue, self._added)
        for reason, lost in found.lost.items():
            self._drop(reason, lost)
        return samples.cut(found.points, self.endpoint.max_samples, self.endpoint.max_bytes)

    async def _send(self, parcel: Parcel) -> float:
        floor = (self._now() - self.endpoint.window) // 1000
        self._drop(answers.TOO_OLD, parcel.age(floor))
        points = parcel.next
        if not points:
            return 0.0
        began = time.perf_counter()
        answer = await self._post(points)
        if answer.fate is Fate.REFUSED and answer.reason == "refused" and len(points) == 1:
            answer = await self._doubted(answer)
        if answer.fate is Fate.HELD:
            return self._again(answer.reason, answer.detail, answer.wait)
        if answer.fate is Fate.REFUSED:
            self._lose(answer, parcel.refused(answer.reason), points)
            return self._paced(1, began)
        self._meters.samples.labels(self.endpoint.name).inc(parcel.taken())
        self._well()
        return self._paced(len(points), began)

    async def _post(self, points: Sequence[Point]) -> Answer:
        body = await asyncio.to_thread(proto.request, points)
        answer = await self._client.post(body)
        if answer.code:
            self._meters.requests.labels(self.endpoint.name, str(answer.code)).inc()
        return answer

    async def _doubted(self, answer: Answer) -> Answer:
        """A lone sample is refused for what nobody knows: it is to blame only where an empty request is taken. A proxy
        that refuses everything must not empty the queue."""
        if not self._vouched:
            empty = await self._post(())
            self._vouched = empty.fate is Fate.TAKEN
        if self._vouched:
            return answer
        return Answer(Fate.HELD, "rejected", answer.detail, answer.wait, answer.code)

    def _lose(self, answer: Answer, lost: int, points: Sequence[Point]) -> None:
        if not lost:
            return
        self._drop(answer.reason, lost)
        if answer.reason in self._told:
            return
        self._told.add(answer.reason)
        one, at, _ = points[0]
        log.warning(
            "remote write: samples are refused",
            extra={
                "endpoint": self.endpoint.name, "reason": answer.reason, "said": answer.detail,
                "series": dict(one.labels), "at": at,
            },
        )  # fmt: skip

    def _drop(self, reason: str, lost: int) -> None:
        if lost:
            self._meters.dropped.labels(self.endpoint.name, reason).inc(lost)

    def _paced(self, count: int, began: float) -> float:
        return max(0.0, count / self.endpoint.samples_per_second - (time.perf_counter() - began))

    def _again(self, reason: str, detail: str, wish: float) -> float:
        """Notes a failure, loudly where it is new; seconds until the next try."""
        name = self.endpoint.name
        if reason in answers.FAILURES:
            self._meters.failed.labels(name, reason).inc()
        if reason != self._trouble:
            say = log.error if reason in answers.LOUD else log.warning
            extra = {"endpoint": name, "url": self.endpoint.url, "reason": reason, "said": detail}
            say("remote write fails: samples wait", extra=extra)
        self._trouble = reason
        self._failures += 1
        return answers.pause(self._failures, wish, self._chance)

    def _well(self) -> None:
        self._meters.success.labels(self.endpoint.name).set(self._now() / 1e6)
        self._failures = 0
        if self._trouble:
            self._trouble = ""
            log.warning("remote write works again", extra={"endpoint": self.endpoint.name})
