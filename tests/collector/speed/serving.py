"""The speed server on a loopback port, with a gate that lets in whom the test names."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from checks.kit.ndt7 import Test
from collector import config
from collector.config import CollectorConfig
from collector.leases.gate import Closed, Pass
from collector.speed.meters import Meters
from collector.speed.record import Limits
from collector.speed.server import Speed

LOOPBACK = ("127.0.0.0/8",)
SHORT = Limits(run=0.4, most=1.2, stall=0.5)
RATE = 50e6


class FakeGate:
    """One lease, ``lease-1``, whose token is ``good``."""

    def __init__(self, *, rate: float = RATE, left: int = 1 << 40, seconds: float = 3600.0) -> None:
        self.rate, self.left, self.seconds = rate, left, seconds
        self.opened: list[tuple[str, Test, str]] = []
        self.used = 0
        self.progress: list[dict[str, float]] = []
        self.records: list[dict[str, Any]] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def open(self, token: str, test: Test, proof: str) -> Pass:
        self.opened.append((token, test, proof))
        await self.slow.wait()
        if token != "good":
            raise Closed(403, "lease_forged", "the token is not one of this collector's")
        ends_at = time.time_ns() // 1000 + int(self.seconds * 1e6)
        return Pass(lease="lease-1", device="d", unit="27259", rate=self.rate, left=self.left, ends_at=ends_at)

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:
        self.used += used
        self.progress.append(dict(progress))
        return self.used < self.left

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
        assert (lease, test) == ("lease-1", record["test"])
        self.records.append(dict(record))

    def session(self, ssid: int) -> Pass | None:
        return None


class Served:
    def __init__(self, gate: FakeGate, speed: Speed, registry: CollectorRegistry) -> None:
        self.gate, self.speed, self.registry, self.port = gate, speed, registry, 0

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"sansang_collector_speed_{name}", labels) or 0.0

    async def record(self) -> dict[str, Any]:
        """The record of the test that has just ended."""
        async with asyncio.timeout(5):
            while not self.gate.records:
                await asyncio.sleep(0.01)
        return self.gate.records[-1]

    async def ended(self, count: int = 1, **labels: str) -> None:
        """Until so many tests have been counted so."""
        async with asyncio.timeout(5):
            while self.metric("tests_total", **labels) < count:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def served(
    gate: FakeGate | None = None, limits: Limits = SHORT, *, tls: ssl.SSLContext | None = None, **speed: Any
) -> AsyncIterator[Served]:
    """A server that is stopped as the collector stops it."""
    registry = CollectorRegistry()
    settings = CollectorConfig(public_url="https://sansang.example.vn", speed=config.Speed(**speed))
    gate = gate or FakeGate()
    here = Served(gate, Speed(settings, gate, Meters(registry), limits=limits), registry)
    app = web.Application()
    app.add_routes(here.speed.routes())
    app.on_shutdown.append(here.speed.stop)
    runner = web.AppRunner(app, auto_decompress=False, access_log=None, handle_signals=False, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    here.port = runner.addresses[0][1]
    try:
        yield here
    finally:
        await runner.cleanup()
