"""A queue filled as the ledger fills it, a sender to a hand-written receiver, and what became of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from checks.kit.model import Metric, Result
from collector.absorb import Push
from collector.exposition import Catalogue
from collector.ledger import Ledger
from collector.remote.meters import Meters
from collector.remote.queue import Outbound, unpack
from collector.remote.sender import Sender
from collector.remote.settings import Endpoint
from collector.store import outbound
from collector.store.engine import Store
from collector.store.outbound import Waiting
from collector.telemetry import Telemetry
from tests.collector.pushing import XOM_CHIEU, Known, wall
from tests.collector.pushing import Sender as Device
from tests.collector.remote.receiver import Fake

_METRICS = {
    "connectivity_up": Metric(name="connectivity_up", title={}, unit="", help=""),
    "connectivity_phase": Metric(
        name="connectivity_phase", title={}, unit="seconds", help="", labels=("phase",),
        words={"tcp": {}, "tls": {}},
    ),
}  # fmt: skip
CATALOGUE = Catalogue(_METRICS, lambda *_: frozenset())
MINUTE = 60_000_000
SAMPLES = 7
"""Of a result as the tests' devices send it: four of the outcome, its time, two numbers."""


class Wire:
    """One endpoint over a store. ``now`` may be set."""

    def __init__(self, store: Store, fake: Fake, **changes: Any) -> None:
        self.store, self.fake = store, fake
        told: dict[str, Any] = {"name": "here", "url": fake.url, "samples_per_second": 1e7}
        self.endpoint = Endpoint(**(told | changes))
        self.registry = CollectorRegistry()
        self.meters = Meters(self.registry)
        self.now: Callable[[], int] = wall
        self.sender = self.new_sender()

    def new_sender(self, holder: str = "me") -> Sender:
        return Sender(
            self.endpoint, self.store, CATALOGUE, self.meters, holder=holder, now=self.present, chance=lambda: 0.01
        )

    def present(self) -> int:
        """The time that sender and queue are told."""
        return self.now()

    def put(self, device: Device, *results: Result, endpoints: tuple[Endpoint, ...] = ()) -> None:
        """What the ledger does with a push of `results`."""
        queue = Outbound(endpoints or (self.endpoint,))
        ledger = Ledger(self.store, Known(), Telemetry(), now=self.now, outbound=queue)
        now = self.now()
        batch = device.batch(*results, sent_at=now)
        raws = [msgspec.json.encode(result) for result in results]
        (done,) = ledger.write([Push(batch, raws, XOM_CHIEU, "pc", True, now)])
        assert isinstance(done, int)

    def waits(self, name: str = "here") -> Waiting:
        with self.store.reader() as connection:
            return outbound.waiting(connection).get(name, Waiting())

    def times(self) -> set[int]:
        """When what waits was taken (ms)."""
        with self.store.reader() as connection:
            rows = outbound.load(connection, "here", 10**9)
        return {entry.at // 1000 for row in rows for entry in unpack(row.body)}

    def meter(self, name: str, **labels: str) -> float:
        found = self.registry.get_sample_value(f"sansang_collector_remote_write_{name}", {"endpoint": "here", **labels})
        assert found is not None, name
        return found

    @contextlib.asynccontextmanager
    async def sending(self, sender: Sender | None = None) -> AsyncIterator[None]:
        task = asyncio.create_task((sender or self.sender).run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not done():
                await asyncio.sleep(0.01)

    async def sent(self) -> None:
        """Sends until nothing waits."""
        async with self.sending():
            await self.until(lambda: not self.waits().samples)
