"""All endpoints of remote write: their queues kept within bounds, a sender for each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from collector.exposition import Catalogue
from collector.log import one_line
from collector.remote.meters import Meters
from collector.remote.queue import Outbound
from collector.remote.sender import Sender
from collector.remote.settings import Endpoint
from collector.store import outbound
from collector.store.engine import Store
from collector.store.outbound import Waiting

EVERY = 10.0
"""Seconds between two looks at how much waits."""
FORGOTTEN = 14 * 86_400_000_000
"""µs after which is dropped what waits for an endpoint that is configured no more."""
log = logging.getLogger("sansang")


class Remote:
    """Remote write of one collector. ``queue`` goes into the ledger; :meth:`start` and :meth:`stop` belong to the
    event loop that serves. `listen` tells processes of one machine apart."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        store: Store,
        catalogue: Catalogue,
        meters: Meters,
        *,
        listen: str,
        now: Callable[[], int],
    ) -> None:
        self.queue = Outbound(endpoints)
        self._store, self._meters, self._now = store, meters, now
        holder = f"{socket.gethostname()} {listen}"[:200]
        self._senders = [Sender(each, store, catalogue, meters, holder=holder, now=now) for each in endpoints]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins to send. Raises SQLAlchemyError when the store cannot be asked."""
        await self.tend()
        if self._senders:
            self._tasks = [asyncio.create_task(sender.run()) for sender in self._senders]
            self._tasks.append(asyncio.create_task(self._tend()))

    async def stop(self) -> None:
        """Ends within moments: what is under way is sent again after the next start. Safe to call twice."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.tend()
            except Exception as why:
                log.error("remote write: the queue cannot be looked at", extra={"why": one_line(why)})

    async def tend(self) -> None:
        """Drops what waits too long or is too much, and shows what waits."""
        present = await self._store.read(outbound.waiting)
        own = {sender.endpoint.name for sender in self._senders}
        if any(self._surplus(sender, present) for sender in self._senders) or present.keys() - own:
            await self._store.write(lambda connection: self._trim(connection, present))
            present = await self._store.read(outbound.waiting)
        for sender in self._senders:
            self._show(sender.endpoint.name, present.get(sender.endpoint.name, Waiting()))

    def _surplus(self, sender: Sender, present: Mapping[str, Waiting]) -> bool:
        waits = present.get(sender.endpoint.name, Waiting())
        aged = waits.oldest is not None and waits.oldest < self._now() - sender.endpoint.most_age
        return aged or waits.size > sender.endpoint.queue_bytes

    def _trim(self, connection: Connection, present: Mapping[str, Waiting]) -> None:
        for sender in self._senders:
            endpoint, waits = sender.endpoint, present.get(sender.endpoint.name, Waiting())
            aged = outbound.expire(connection, endpoint.name, self._now() - endpoint.most_age, sender.held)
            surplus = outbound.shrink(connection, endpoint.name, waits.size - endpoint.queue_bytes, sender.held)
            for reason, lost in (("expired", aged), ("overflow", surplus)):
                if lost:
                    self._meters.dropped.labels(endpoint.name, reason).inc(lost)
                    extra = {"endpoint": endpoint.name, "reason": reason, "samples": lost}
                    log.error("remote write: the oldest samples are dropped", extra=extra)
        for name in present.keys() - {sender.endpoint.name for sender in self._senders}:
            outbound.expire(connection, name, self._now() - FORGOTTEN)

    def _show(self, endpoint: str, waits: Waiting) -> None:
        self._meters.pending_samples.labels(endpoint).set(waits.samples)
        self._meters.pending_bytes.labels(endpoint).set(waits.size)
        self._meters.oldest.labels(endpoint).set((waits.oldest or 0) / 1e6)
