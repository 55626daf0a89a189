"""What measures lines at this collector: leases, the ndt7 server, the STAMP reflector, and the evidence they leave."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import structs

from collector.catalog import Catalog
from collector.config import CollectorConfig, networks
from collector.directory import Directory
from collector.evidence import keeper
from collector.evidence.desk import Speeds
from collector.leases.api import LeaseApi
from collector.leases.around import Lines
from collector.leases.book import Book
from collector.leases.place import place
from collector.live import Live
from collector.reflector import Reflector
from collector.rules import Rules
from collector.speed.server import Speed
from collector.store.engine import Store
from collector.telemetry import Telemetry

AGAIN = 60_000_000
"""µs after which a UDP port that was taken is tried again."""
log = logging.getLogger("sansang.measuring")


class Measuring:
    """Built with the collector; :meth:`start` once the store is open, :meth:`listen` once the server's address is
    known, :meth:`stop` before the server ends, :meth:`close` before the store does."""

    def __init__(
        self,
        config: CollectorConfig,
        catalog: Catalog,
        store: Store,
        directory: Directory,
        live: Live,
        rules: Rules,
        telemetry: Telemetry,
        now: Callable[[], int],
    ) -> None:
        self._config, self._place, self._now = config, place(config), now
        self._url, self._tried = "", 0
        policy, lines = catalog.locality.leases, Lines(live, catalog.locality.networks)
        self.book = Book(
            store, directory, policy, self._place, lines.of_unit, now,
            recorded=keeper.recorded, told=lambda answer: telemetry.leases.labels(answer).inc(),
        )  # fmt: skip
        self.speed = Speed(config, self.book, telemetry.speed, now=now)
        self.reflector = Reflector(self.book, networks(config.speed.reflector_open), counts=telemetry.reflector)
        self.speeds = Speeds(
            store, live, self.book, lines.of_unit, policy, self._place, lambda: rules.profile.requirements,
            catalog.zone, now,
        )  # fmt: skip
        self._asks = LeaseApi(self.book, directory, catalog.checks)

    def routes(self) -> list[web.RouteDef]:
        return [*self._asks.routes(), *(self.speed.routes() if self._config.speed.enabled else ())]

    async def start(self) -> None:
        await self.book.start()

    async def listen(self, url: str) -> None:
        """`url` is where the server listens. Without its UDP port the collector goes on, and tries again: agents come
        first."""
        self._url = url
        await self._reflect()
        self._stand()

    async def tick(self) -> None:
        """About once a second."""
        await self.book.tick()
        if self._config.reflector_address and not self.reflector.port and self._now() - self._tried >= AGAIN:
            await self._reflect()
            self._stand()

    async def _reflect(self) -> None:
        address, self._tried = self._config.reflector_address, self._now()
        if address is None:
            return
        try:
            await self.reflector.start(*address)
        except OSError as why:
            where = self._config.speed.reflector
            log.error("reflector not listening", extra={"where": where, "why": (why.strerror or str(why)).lower()})

    def _stand(self) -> None:
        """Tells the leases where the servers are: the ports may be ones that the system chose."""
        server = self._place.server
        url = self._config.public_url or self._url
        host = urlsplit(url).hostname or ""
        port = self.reflector.port
        self._place.server = structs.replace(server, url=url.rstrip("/"), host=host if port else "", port=port)

    async def stop(self) -> None:
        await self.speed.stop()
        await self.reflector.stop()

    async def close(self) -> None:
        await self.book.close()
