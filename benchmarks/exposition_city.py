"""A city of devices with 40 series each, and the servers that are not programs of others: ours, with the handlers of
the real collector over lines that its sweep would put, and prometheus-client's.

``python -m benchmarks.exposition_city ours|client PORT DEVICES``. Ours takes ``POST /prepare?share=0.01`` (draws
devices and what they will say) and ``POST /change`` (renders, puts and publishes it, as a sweep does).
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import time
import uuid
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from checks.kit.model import Metric, Outcome, Result, Sample
from collector.api import guarded
from collector.config import networks
from collector.exposition import Catalogue, Lines, device_lines
from collector.families import DEVICE, family
from collector.readiness.model import DeviceFacts
from collector.scrape.handlers import Guard, Scrape
from collector.scrape.meters import Meters
from collector.scrape.page import Exposition

DEVICES, UNITS = 8_400, 168  # a city (faults.md, goals)
SERIES = 40
PHASES = ("dns", "tcp", "tls", "ttfb", "transfer")
TARGETS = ("dich-vu-cong", "ho-tich", "tiep-nhan")
METRICS = (
    Metric(name="connectivity_up", title={}, unit="", help="Whether the page came."),
    Metric(name="connectivity_status", title={}, unit="", help="Status that the page came with."),
    Metric(
        name="connectivity_phase", title={}, unit="seconds", help="Time of each phase.", labels=("phase",),
        words={phase: {} for phase in PHASES},
    ),
)  # fmt: skip
CATALOGUE = Catalogue(
    {metric.name: metric for metric in METRICS}, lambda _unit, _role: frozenset(f"connectivity|{t}" for t in TARGETS)
)
BOOT = "0b0b0b0b-0000-4000-8000-000000000001"


def facts(number: int, at: int) -> DeviceFacts:
    """What the `number`-th device said at `at` (µs): three runs of seven samples, figures that never repeat."""
    chance = random.Random(number * 1_000_003 + at)
    results = {}
    for place, target in enumerate(TARGETS):
        phases = (Sample("connectivity_phase", round(chance.uniform(0.001, 0.2), 6), {"phase": p}) for p in PHASES)
        results["connectivity", target] = Result(
            seq=place, check="connectivity", target=target, outcome=Outcome.OK, mono=0, boot=BOOT,
            at=at - chance.randrange(60_000_000),
            samples=(Sample("connectivity_up", 1.0), Sample("connectivity_status", 200.0), *phases),
        )  # fmt: skip
    return DeviceFacts(
        id=str(uuid.UUID(int=random.Random(number).getrandbits(128), version=4)),
        unit=f"{26000 + number % UNITS * 7:05}", version="0.1.0", station=f"st-{number}", last_seen=at, results=results,
        clock_offset=round(chance.uniform(-0.05, 0.05), 6), clock_drift=round(chance.uniform(-1e-5, 1e-5), 9),
    )  # fmt: skip


def rendered(number: int, at: int) -> tuple[DeviceFacts, Lines]:
    device = facts(number, at)
    return device, device_lines(device, CATALOGUE)[0]


def texts(devices: int) -> Iterator[tuple[DeviceFacts, str]]:
    """Each device with its 40 lines, for peers."""
    at = time.time_ns() // 1000
    for number in range(devices):
        device, lines = rendered(number, at)
        yield device, "".join(lines.values())


class City:
    """Our server's devices."""

    def __init__(self, devices: int) -> None:
        self.exposition, self.devices = Exposition(METRICS), devices
        self._drawn: list[DeviceFacts] = []
        self._stall = 0.0
        for number in range(devices):
            device, lines = rendered(number, time.time_ns() // 1000)
            self.exposition.put_device(device.unit, device.id, lines)
        self.exposition.publish()

    async def prepare(self, request: web.Request) -> web.Response:
        drawn = random.sample(range(self.devices), round(float(request.query["share"]) * self.devices))
        at = time.time_ns() // 1000
        self._drawn = [facts(number, at) for number in drawn]
        return web.json_response(len(drawn))

    async def change(self, _: web.Request) -> web.Response:
        for device in self._drawn:
            self.exposition.put_device(device.unit, device.id, device_lines(device, CATALOGUE)[0])
        self.exposition.publish()
        self._drawn.clear()
        return web.json_response(self.exposition.generation)

    async def stall(self, _: web.Request) -> web.Response:
        """The longest work (s of CPU) of the event loop without a break since the last call."""
        longest, self._stall = self._stall, 0.0
        return web.json_response(longest)

    async def watch(self) -> None:
        while True:
            before = time.thread_time()  # not the clock on the wall: what else the machine does is not our work
            await asyncio.sleep(0.0005)
            self._stall = max(self._stall, time.thread_time() - before)


async def ours(port: int, devices: int) -> None:
    city = City(devices)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)  # as the collector does (collector.app)
    registry = CollectorRegistry()
    guard = Guard(networks(("127.0.0.0/8",)), ())
    scrape = Scrape(city.exposition, {}, registry, Meters(registry), guard, lambda: None)
    app = web.Application()
    app.add_routes([
        web.get("/metrics", guarded(scrape.devices)), web.get("/healthz", city.stall), web.get("/stall", city.stall),
        web.post("/prepare", city.prepare), web.post("/change", city.change),
    ])  # fmt: skip
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    if "--watch" in sys.argv:
        await city.watch()
    await asyncio.Event().wait()


class Families(Collector):
    """The same samples as prometheus-client asks a custom collector for them."""

    def __init__(self, devices: int) -> None:
        at = time.time_ns() // 1000
        self._facts = [facts(number, at) for number in range(devices)]
        self._families = {one.series: one for one in (*DEVICE, *map(family, METRICS))}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        made = {name: GaugeMetricFamily(name, one.help, labels=one.labels) for name, one in self._families.items()}

        def add(series: str, labels: list[str], value: float) -> None:
            made[series].add_metric(labels, value)

        for device in self._facts:
            own = [device.unit, device.id]
            add("sansang_device_info", [*own, device.role, device.version, device.station], 1)
            add("sansang_device_last_result_timestamp_seconds", own, (device.last_seen or 0) / 1e6)
            add("sansang_device_clock_offset_seconds", own, device.clock_offset or 0.0)
            add("sansang_device_clock_drift_ratio", own, device.clock_drift or 0.0)
            for (check, target), result in device.results.items():
                job = [*own, check, target]
                for outcome in Outcome:
                    add("sansang_check_outcome", [*job, outcome.value], outcome is result.outcome)
                add("sansang_check_timestamp_seconds", job, result.at / 1e6)
                for sample in result.samples:
                    metric = CATALOGUE.metrics[sample.name]
                    add(metric.series, [*job, *sample.labels.values()], sample.value)
        yield from (each for each in made.values() if each.samples)


def client(port: int, devices: int) -> None:
    registry = CollectorRegistry()
    registry.register(Families(devices))
    start_http_server(port, addr="127.0.0.1", registry=registry)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        asyncio.run(ours(int(sys.argv[2]), int(sys.argv[3])))
    else:
        client(int(sys.argv[2]), int(sys.argv[3]))
