"""The collector's HTTP interface for agents, Prometheus and whoever asks whether it is well."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from checks.kit import wire
from collector.catalog import Catalog
from collector.directory import Directory, Member
from collector.enrolment import Enrolment
from collector.ingest import Ingest, Refusal
from collector.live import Live
from collector.scrape.groups import Groups
from collector.scrape.handlers import Guard, Scrape
from collector.scrape.page import Exposition
from collector.store import devices
from collector.telemetry import Telemetry

GET_CONTEXT = b"sansang.get.v1\0"
MAX_ENROL = 4096
log = logging.getLogger("sansang.api")


class Api:
    """Handlers over the parts; holds no state of its own but whether the collector is going down."""

    def __init__(
        self,
        ingest: Ingest,
        enrolment: Enrolment,
        directory: Directory,
        catalog: Catalog,
        live: Live,
        exposition: Exposition,
        telemetry: Telemetry,
        guard: Guard,
        read_timeout: float,
        directives: Callable[[str], list[dict[str, Any]]] = lambda _: [],
    ) -> None:
        self._ingest, self._enrolment, self._directory, self._catalog = ingest, enrolment, directory, catalog
        self._telemetry, self._read_timeout, self._directives = telemetry, read_timeout, directives
        groups = Groups(catalog.metrics.values())
        self._scrape = Scrape(
            exposition, live.units, telemetry.registry, telemetry.scrape, guard, self._trouble, groups
        )
        self.ready = False
        self.closing = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/results", guarded(self.results)),
            web.post("/v1/enrol", guarded(self.enrol)),
            web.get("/v1/config", guarded(self.config)),
            web.get("/metrics", guarded(self._scrape.units)),
            web.get("/metrics/devices", guarded(self._scrape.devices)),
            web.get("/sd/devices", guarded(self._scrape.targets)),
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
        ]

    async def results(self, request: web.Request) -> web.Response:
        """A batch. 200 with an Ack once it is on disk; see RUNBOOK.md for every refusal."""
        if self.closing:
            raise Refusal(503, "overloaded", "the collector is stopping", 5.0)
        self._ingest.admit()
        self._ingest.inflight += 1
        try:
            ack = await self._ingest.take(await self._body(request, wire.MAX_SEALED))
        finally:
            self._ingest.inflight -= 1
        member = self._directory.get(ack.agent)
        if member:
            ack.config = self._catalog.etag(member.device.unit, member.device.role)
            ack.directives = self._directives(ack.agent)
        return _json(ack)

    async def enrol(self, request: web.Request) -> web.Response:
        answer = await self._enrolment.take(await self._body(request, MAX_ENROL))
        log.info("device enrolled", extra={"device": answer.device, "unit": answer.unit, "status": answer.status})
        return _json(answer)

    async def config(self, request: web.Request) -> web.Response:
        """The jobs of the device that asks; 304 when it has them."""
        device = signed(self._directory, request, GET_CONTEXT + request.path.encode()).device
        etag = self._catalog.etag(device.unit, device.role)
        if request.headers.get("If-None-Match", "").strip('"') == etag:
            return web.Response(status=304, headers={"ETag": f'"{etag}"'})
        response = _json(self._catalog.device_config(device.unit, device.role))
        response.headers["ETag"] = f'"{etag}"'
        return response

    async def healthz(self, _: web.Request) -> web.Response:
        """The process answers."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _: web.Request) -> web.Response:
        """The store is open, and the first sweep is through."""
        ready = self.ready and not self.closing
        return web.json_response({"status": "ready" if ready else "not ready"}, status=200 if ready else 503)

    async def _body(self, request: web.Request, most: int) -> bytes:
        if request.content_length is not None and request.content_length > most:
            raise self._refused(
                413, "too_large", f"the body is {request.content_length} bytes, at most {most} are taken"
            )
        try:
            async with asyncio.timeout(self._read_timeout):
                return await request.read()  # bounded by the application's client_max_size
        except web.HTTPRequestEntityTooLarge:
            raise self._refused(413, "too_large", f"the body is over {most} bytes") from None
        except TimeoutError:
            raise self._refused(408, "timeout", f"the body did not arrive in {self._read_timeout:g} s") from None

    def _refused(self, status: int, code: str, message: str) -> Refusal:
        self._telemetry.refusals.labels(code).inc()
        return Refusal(status, code, message)

    def _trouble(self) -> tuple[str, str] | None:
        """Why nothing may be scraped now."""
        if self.closing:
            return "stopping", "the collector is stopping"
        return None if self.ready else ("starting", "the collector is starting")


def signed(directory: Directory, request: web.Request, message: bytes) -> Member:
    """The device that signed `message`, by the headers ``Sansang-Agent`` and ``Sansang-Signature``. Raises Refusal."""
    member = directory.get(request.headers.get("Sansang-Agent", ""))
    if member is None:
        raise Refusal(401, "unknown_agent", "no such device is enrolled here")
    try:
        signature = base64.b64decode(request.headers.get("Sansang-Signature", ""), validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    if not member.key.verify(message, signature):
        raise Refusal(401, "bad_signature", "the signature is not this device's")
    if member.device.status == devices.REVOKED:
        raise Refusal(403, "revoked", "this device was revoked")
    return member


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(handler: Handler) -> Handler:
    """Refusals as JSON with a stable code. What nobody foresaw is a 500 without a word of the inside.

    A wrapper and not a middleware: a push costs 4 µs less.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refused(refusal)
        except web.HTTPException:
            raise
        except Exception:
            log.exception("request failed", extra={"method": request.method, "path": request.path})
            return refused(Refusal(500, "internal", "the collector failed; its log says why"))

    return answer


def refused(refusal: Refusal) -> web.Response:
    body: dict[str, object] = {"error": refusal.code, "message": str(refusal)}
    headers = {}
    if refusal.retry_after is not None:
        body["retry_after"] = refusal.retry_after
        headers["Retry-After"] = str(round(refusal.retry_after))
    return web.Response(status=refusal.status, text=json.dumps(body), content_type="application/json", headers=headers)
