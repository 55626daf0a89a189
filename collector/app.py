"""Puts the parts together into one server, starts them in order and stops them so that nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec import Struct

from checks.kit import wire
from collector import access, api
from collector.api import Api, Handler
from collector.catalog import Catalog
from collector.config import CollectorConfig, networks
from collector.directory import Directory
from collector.enrolment import Enrolment
from collector.facts import Facts
from collector.findings import Findings
from collector.housekeeping import Housekeeping
from collector.ingest import Ingest, Refusal
from collector.insight import Insight
from collector.ledger import Ledger
from collector.live import Live
from collector.log import one_line
from collector.measuring import Measuring
from collector.remote.service import Remote
from collector.rules import Rules
from collector.scrape.handlers import Guard
from collector.scrape.page import Exposition
from collector.stations import Stations
from collector.store.engine import Store
from collector.sweep import Sweep
from collector.telemetry import Telemetry
from collector.waivers import Waivers
from collector.web.contact import Silences
from collector.web.pages import Settings, attach

DRAIN_SECONDS = 10.0
STALL_PERIOD = 0.5
log = logging.getLogger("sansang")


class AddressInUse(Exception):
    """The port is taken; the text is one line for people."""


class Parts(Struct):
    """Everything a running collector consists of; tests reach for its pieces."""

    config: CollectorConfig
    store: Store
    directory: Directory
    telemetry: Telemetry
    ledger: Ledger
    ingest: Ingest
    live: Live
    sweep: Sweep
    rules: Rules
    facts: Facts
    catalog: Catalog
    exposition: Exposition
    housekeeping: Housekeeping
    enrolment: Enrolment
    measuring: Measuring
    remote: Remote
    api: Api
    app: web.Application
    now: Callable[[], int]


def wall() -> int:
    return time.time_ns() // 1000


def build(config: CollectorConfig, catalog: Catalog, *, now: Callable[[], int] = wall) -> Parts:
    """The collector of `config`, not started yet."""
    sqlite = config.database_url.startswith("sqlite")
    store = Store(config.database_url, lock=Path(config.state_dir) / "collector.lock" if sqlite else None, alone=True)
    directory, telemetry = Directory(store), Telemetry()
    catalogue = catalog.catalogue()
    remote = Remote(config.remote_write, store, catalogue, telemetry.remote_write, listen=config.listen, now=now)
    ledger = Ledger(store, catalog, telemetry, now=now, outbound=remote.queue)
    limits = config.ingest
    ingest = Ingest(
        store,
        ledger,
        directory,
        telemetry,
        window=limits.commit_window_ms / 1000,
        most=limits.commit_batches,
        max_inflight=limits.max_inflight,
        retry_after=limits.retry_after_seconds,
        now=now,
        complain=lambda why: log.error("commit failed", extra={"why": one_line(why)}),
    )
    telemetry.waiting.set_function(lambda: ingest.inflight)
    stations = Stations(store)
    live = Live(store, directory, stations, catalog.units, catalog.targets)
    exposition = Exposition(metric for _, metric in catalog.metrics.values())
    rules, waivers = Rules(store, catalog, now), Waivers(store)
    facts = Facts(live, waivers, catalog.locality.hours, catalog.profile, catalog.targets_of)
    live.consult(Insight(live, facts, rules, catalog.locality, now))
    sweep = Sweep(
        store,
        ledger,
        directory,
        live,
        exposition,
        catalogue,
        rules,
        facts,
        Findings(store, live, catalog.locality, lambda: rules.profile.freshness),
        waivers,
        telemetry,
        now=now,
        complain=lambda why: log.error("sweep failed", extra={"why": one_line(why)}),
    )
    housekeeping = Housekeeping(
        store, catalog.office, now, lambda why: log.error("housekeeping failed", extra={"why": one_line(why)})
    )
    enrolment = Enrolment(store, directory, telemetry, now)
    guard = Guard(networks(config.access.metrics), networks(config.trusted_proxies), config.public_url)
    measuring = Measuring(config, catalog, store, directory, live, rules, telemetry, now)
    handlers = Api(
        ingest, enrolment, directory, catalog, live, exposition, telemetry, guard, limits.read_timeout_seconds,
        measuring.book.directives_for,
    )  # fmt: skip
    app = _application(config, catalog, live, rules, handlers, measuring, telemetry, now)
    return Parts(
        config, store, directory, telemetry, ledger, ingest, live, sweep, rules, facts, catalog, exposition,
        housekeeping, enrolment, measuring, remote, handlers, app, now,
    )  # fmt: skip


def _application(
    config: CollectorConfig,
    catalog: Catalog,
    live: Live,
    rules: Rules,
    handlers: Api,
    measuring: Measuring,
    telemetry: Telemetry,
    now: Callable[[], int],
) -> web.Application:
    app = web.Application(client_max_size=wire.MAX_SEALED)
    app.add_routes([*handlers.routes(), *measuring.routes()])
    fresh = catalog.profile.freshness
    settings = Settings(
        locality=catalog.locality.title,
        lang=config.lang,
        zone=catalog.zone,
        address=config.url,
        checks=catalog.checks,
        silences=Silences(
            fresh.lost_contact // 1_000_000,
            fresh.no_data // 1_000_000,
            fresh.late // 1_000_000,
            catalog.locality.hours.calendar,
            lambda: rules.profile.freshness,
        ),
        now=now,
    )
    events = attach(app, live, settings, _pages_guard(config), measuring.speeds)
    telemetry.live_pages.set_function(lambda: events.clients)
    return app


def _pages_guard(config: CollectorConfig) -> Callable[[Handler], Handler]:
    """Pages are for listed networks."""
    pages, proxies = networks(config.access.pages), networks(config.trusted_proxies)

    def guard(handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            if not access.allowed(request, pages, proxies):
                message = "this address may not read the pages (access.pages in collector.yaml)"
                return api.refused(Refusal(403, "forbidden", message))
            return await handler(request)

        return answer

    return guard


class Server:
    """A collector that listens. Use as an async context manager; ``url`` is known once it is entered."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.url = ""
        self._runner = web.AppRunner(
            parts.app, auto_decompress=False, access_log=None, handle_signals=False, shutdown_timeout=DRAIN_SECONDS
        )
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._watch: asyncio.Task[None] | None = None
        self._stall = 0.0
        parts.telemetry.stall.set_function(self._longest_stall)

    async def __aenter__(self) -> Server:
        """Opens the store, listens, judges once. Raises StoreError or AddressInUse."""
        parts = self.parts
        await asyncio.to_thread(parts.store.open)
        try:
            await parts.directory.refresh()
            await parts.sweep.take_roster()
            await parts.measuring.start()
            await self._listen()
            await parts.measuring.listen(self.url)
            await parts.sweep.start()
            await parts.remote.start()
        except BaseException:
            await parts.remote.stop()
            await parts.measuring.stop()
            await self._runner.cleanup()
            parts.store.close()
            raise
        parts.api.ready = True
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)  # a push leaves nothing cyclic behind (DECISIONS.md, 16)
        self._schedule()
        self._watch = asyncio.create_task(self._watch_stall())
        return self

    def _schedule(self) -> None:
        parts = self.parts
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(parts.sweep.tick, "interval", seconds=parts.config.sweep_seconds, **once)
        self._scheduler.add_job(parts.measuring.tick, "interval", seconds=1, **once)
        self._scheduler.add_job(parts.housekeeping.tick, "cron", hour="*", minute=20, **once)
        self._scheduler.start()

    async def __aexit__(self, *_: object) -> None:
        """Takes no new batch, answers those under way, closes the store; within DRAIN_SECONDS."""
        parts = self.parts
        parts.api.closing = True
        if self._watch:
            self._scheduler.shutdown(wait=False)
            self._watch.cancel()
            self._watch = None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(parts.ingest.drained(), DRAIN_SECONDS)
        await parts.remote.stop()
        await parts.measuring.stop()
        await self._runner.cleanup()
        await parts.measuring.close()
        parts.store.close()

    async def _listen(self) -> None:
        await self._runner.setup()
        host, port = self.parts.config.address
        site = web.TCPSite(self._runner, host, port, ssl_context=self._tls(), backlog=1024)
        try:
            await site.start()
        except OSError as why:
            raise AddressInUse(f"cannot listen on {self.parts.config.listen}: {_reason(why)}") from None
        bound = self._runner.addresses[0]
        scheme = "https" if self.parts.config.tls else "http"
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        self.url = f"{scheme}://{shown}:{bound[1]}"
        self.parts.telemetry.serves_at(self.parts.config.url_on(bound[1]))

    def _tls(self) -> ssl.SSLContext | None:
        tls = self.parts.config.tls
        if tls is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
        return context

    async def _watch_stall(self) -> None:
        while True:
            asleep = time.perf_counter()
            await asyncio.sleep(STALL_PERIOD)
            self._stall = max(self._stall, time.perf_counter() - asleep - STALL_PERIOD)

    def _longest_stall(self) -> float:
        """The longest delay since the last scrape, which asks for it."""
        longest, self._stall = self._stall, 0.0
        return longest


def _reason(why: OSError) -> str:
    if why.errno == 98:
        return "the port is in use by another program (change `listen`, or stop it)"
    return (why.strerror or str(why)).lower()
