"""``/metrics``, ``/metrics/devices`` and ``/sd/devices``: what Prometheus asks for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Container, Iterable, Iterator

from aiohttp import web
from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from collector import access
from collector.config import Networks
from collector.ingest import Refusal
from collector.scrape import shards
from collector.scrape.deflate import Packed, file, pack
from collector.scrape.formats import Format, negotiate, takes_gzip
from collector.scrape.groups import Groups
from collector.scrape.meters import Meters
from collector.scrape.page import Exposition, Page
from collector.scrape.shards import Shard

Bytes = bytes | memoryview
CHUNK = 256 * 1024
NO_GROUPS = Groups()
PATIENCE = 120.0
"""Longest time (s) a client may take to read a page; Prometheus gives up after its own `scrape_timeout`."""


class Guard(Struct, frozen=True):
    """Networks that may scrape, proxies that are believed, and ``public_url``, empty where there is none."""

    metrics: Networks
    proxies: Networks
    public_url: str = ""


class Scrape:
    """Handlers over what is exported. `units` are the codes of the locality's units; `trouble` says why nothing may be
    scraped now: a code and a message, None when it may; `groups` are what ``collect[]`` may name."""

    def __init__(
        self,
        exposition: Exposition,
        units: Container[str],
        registry: CollectorRegistry,
        meters: Meters,
        guard: Guard,
        trouble: Callable[[], tuple[str, str] | None],
        groups: Groups = NO_GROUPS,
    ) -> None:
        self._exposition, self._units, self._registry, self._meters = exposition, units, registry, meters
        self._guard, self._trouble, self._groups = guard, trouble, groups
        self._packing = asyncio.Lock()
        self._shards = 1
        meters.series.labels("units").set_function(lambda: exposition.unit_series)
        meters.series.labels("devices").set_function(lambda: sum(exposition.device_series.values()))
        self._own(Format.CLASSIC)

    async def units(self, request: web.Request) -> web.StreamResponse:
        """``GET /metrics``: units, findings, standards, and the collector's own series."""
        started = time.perf_counter()
        self._admit(request)
        form = negotiate(_header(request, "Accept"))
        response = await self._answer(request, form, self._exposition.units_page, self._own(form))
        self._meters.seconds.labels("units").observe(time.perf_counter() - started)
        return response

    async def devices(self, request: web.Request) -> web.StreamResponse:
        """``GET /metrics/devices``: of all devices, of ``?unit=CODE`` or of ``?shard=i/n``; all their series, or those
        that ``collect[]`` names or ``exclude[]`` leaves."""
        started = time.perf_counter()
        self._admit(request)
        unit, shard = self._which(request)
        only = self._groups.chosen(*(request.query.getall(key, []) for key in ("collect[]", "exclude[]")))
        form = negotiate(_header(request, "Accept"))
        response = await self._answer(
            request, form, lambda: self._exposition.devices_page(unit=unit, shard=shard, only=only), form.end.encode()
        )
        self._meters.seconds.labels("devices").observe(time.perf_counter() - started)
        return response

    async def targets(self, request: web.Request) -> web.Response:
        """``GET /sd/devices``: the shards as targets, ``?shards=n`` of them or as many as keep each small."""
        self._admit(request)
        asked = request.query.get("shards")
        count = shards.read_count(asked) if asked is not None else self._enough()
        url = self._guard.public_url or shards.here(request.scheme, request.host)
        return web.json_response(shards.targets(count, url))

    def _own(self, form: Format) -> bytes:
        """The collector's own series, and the end of the page."""
        generate: Callable[[CollectorRegistry], bytes]
        generate = generate_openmetrics if form is Format.OPENMETRICS else generate_latest
        text = generate(self._registry)
        series = sum(not line.startswith(b"#") for line in text.splitlines())
        self._meters.series.labels("collector").set(series)
        return text

    def _enough(self) -> int:
        self._shards = shards.enough(self._exposition.device_series, self._shards)
        return self._shards

    def _which(self, request: web.Request) -> tuple[str | None, Shard | None]:
        unit, shard = request.query.get("unit"), request.query.get("shard")
        if unit is not None and shard is not None:
            raise Refusal(400, "bad_shard", "a page is of one unit or of one shard, not of both")
        if unit is not None and unit not in self._units:
            raise Refusal(404, "unknown_unit", f"no unit has the code {unit!r} in this locality")
        return unit, shards.read(shard) if shard is not None else None

    def _admit(self, request: web.Request) -> None:
        if not access.allowed(request, self._guard.metrics, self._guard.proxies):
            raise Refusal(403, "forbidden", "this address may not read metrics (access.metrics in collector.yaml)")
        trouble = self._trouble()
        if trouble:
            raise Refusal(503, *trouble, 5.0)

    async def _answer(
        self, request: web.Request, form: Format, page: Callable[[], Page], end: bytes
    ) -> web.StreamResponse:
        """The page as it is now, and `end` behind it."""
        response = web.StreamResponse(headers={"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"})
        if not takes_gzip(_header(request, "Accept-Encoding")):
            return await _send(request, response, _sliced(_plain(page(), form, end)))
        body = file(await self._packed(page, form), pack(end))
        response.headers["Content-Encoding"] = "gzip"
        response.content_length = sum(map(len, body))
        return await _send(request, response, _sliced(body))

    async def _packed(self, page: Callable[[], Page], form: Format) -> Packed:
        """Compressed in a thread, once for all who ask for it before something changes."""
        shown = page()
        kept = self._exposition.kept(shown, form)
        if kept is None:
            async with self._packing:
                shown, generation = page(), self._exposition.generation
                kept = self._exposition.kept(shown, form)
                if kept is None:
                    kept = await asyncio.to_thread(shown.packed, form)
                    self._exposition.keep(shown, form, kept, generation)
        return kept


def _header(request: web.Request, name: str) -> str:
    return ",".join(request.headers.getall(name, []))


def _plain(page: Page, form: Format, end: bytes) -> Iterator[bytes]:
    for text in page.texts(form):
        yield text.encode()
    yield end


async def _sliced(body: Iterable[bytes]) -> AsyncGenerator[Bytes, None]:
    for piece in body:
        for first in range(0, len(piece), CHUNK):
            yield memoryview(piece)[first : first + CHUNK]
            await asyncio.sleep(0)  # the others' turn: a client that reads fast never makes us wait


async def _send(
    request: web.Request, response: web.StreamResponse, chunks: AsyncGenerator[Bytes, None]
) -> web.StreamResponse:
    """To its end, or the connection is cut: a part of a page never looks like a page."""
    await response.prepare(request)
    try:
        async with asyncio.timeout(PATIENCE), contextlib.aclosing(chunks):
            async for chunk in chunks:
                if request.method == "HEAD":
                    break
                await response.write(chunk)
        await response.write_eof()
    except (TimeoutError, ConnectionError):
        if request.transport:
            request.transport.abort()
    return response
