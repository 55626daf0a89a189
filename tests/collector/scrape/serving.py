"""What is exported, served as the collector serves it, and nothing else of a collector."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import aiohttp
from aiohttp import web
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter

from checks.kit.model import Metric
from collector.api import guarded
from collector.config import networks
from collector.scrape.groups import Groups
from collector.scrape.handlers import Guard, Scrape
from collector.scrape.meters import Meters
from collector.scrape.page import Exposition
from collector.textformat import Lines, line

UP = Metric(name="connectivity_up", title={}, unit="", help="Up.")
SENT = Metric(name="uplink_sent", title={}, unit="bytes", help="Octets.", counter=True)
MEASURES = (("connectivity", UP), ("uplink", SENT))
LOOPBACK = networks(("127.0.0.0/8",))


def said(unit: str, device: str, value: float, pad: int = 0) -> Lines:
    """Both metrics of a device at `value`."""
    labels = {"unit": unit, "device": device} | ({"pad": "x" * pad} if pad else {})
    return {metric.series: line(metric.series, value, labels) for metric in (UP, SENT)}


class Served(Struct):
    """The pages of ``exposition`` at ``port``, and a session to ask with."""

    exposition: Exposition
    registry: CollectorRegistry
    runner: web.AppRunner
    port: int
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, the body as it came over the line, headers."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.get(url, headers=headers) as reply:
            return reply.status, await reply.read(), dict(reply.headers)

    def fill(self, value: float, units: int = 6, devices: int = 4, pad: int = 0) -> None:
        """Every device says `value`, all at once."""
        for code in range(26000, 26000 + units):
            for number in range(devices):
                self.exposition.put_device(f"{code}", f"d{number}", said(f"{code}", f"d{number}", value, pad))
        self.exposition.publish()


@contextlib.asynccontextmanager
async def serving(
    guard: Guard | None = None,
    trouble: Callable[[], tuple[str, str] | None] = lambda: None,
    measures: Sequence[tuple[str, Metric]] = MEASURES,
) -> AsyncIterator[Served]:
    exposition, registry = Exposition(metric for _, metric in measures), CollectorRegistry()
    Counter("sansang_collector_pushes", "Batches.", registry=registry).inc(3)
    units = {f"{code}" for code in range(26000, 26200)}
    guard, groups = guard or Guard(LOOPBACK, ()), Groups(measures)
    scrape = Scrape(exposition, units, registry, Meters(registry), guard, trouble, groups)
    app = web.Application()
    app.add_routes([
        web.get("/metrics", guarded(scrape.units)), web.get("/metrics/devices", guarded(scrape.devices)),
        web.get("/sd/devices", guarded(scrape.targets)),
    ])  # fmt: skip
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    plain = {"Accept-Encoding": "identity"}
    try:
        async with aiohttp.ClientSession(auto_decompress=False, headers=plain) as session:
            yield Served(exposition, registry, runner, runner.addresses[0][1], session)
    finally:
        await runner.cleanup()
