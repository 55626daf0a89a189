"""The ndt7 server (m-lab/ndt-server, spec/ndt7-protocol.md v0.11): who may begin a test, and how one is led."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from checks.kit.leasing import PROOF
from checks.kit.ndt7 import DOWNLOAD, UPLOAD, VERSION, Test
from collector import access
from collector.config import CollectorConfig, networks
from collector.leases.gate import Closed, Gate, Pass
from collector.log import one_line
from collector.speed import handshake
from collector.speed.handshake import Unfit
from collector.speed.librespeed import LibreSpeed
from collector.speed.line import Line
from collector.speed.meters import Meters
from collector.speed.pacing import OPEN, Group, Groups
from collector.speed.record import End, Limits, Record
from collector.speed.sender import Messages, send
from collector.speed.session import FAREWELL, Session

RETRY_AFTER = 10.0
log = logging.getLogger("sansang.speed")


def wall() -> int:
    return time.time_ns() // 1000


class Speed:
    """Handlers of the speed tests. `gate` says which tokens hold; clients in ``speed.open`` need none."""

    def __init__(
        self,
        config: CollectorConfig,
        gate: Gate,
        meters: Meters,
        *,
        now: Callable[[], int] = wall,
        limits: Limits | None = None,
    ) -> None:
        settings = config.speed
        self._settings, self._gate, self._meters, self._now = settings, gate, meters, now
        self._limits = limits or Limits()
        self._name = settings.name or urlsplit(config.url).hostname or ""
        self._open, self._proxies = networks(settings.open), networks(config.trusted_proxies)
        total = settings.capacity_mbps * 1e6 * settings.share
        self._total, self._groups = total, Groups(total, total / settings.connections)
        self._sessions: set[Session] = set()
        self._places = settings.connections
        self._stopping = False
        self._messages = Messages()
        meters.connections.set_function(lambda: settings.connections - self._places)

    def routes(self) -> list[web.RouteDef]:
        """None where no speed is measured here."""
        if not self._settings.enabled:
            return []
        ndt7 = [web.get(DOWNLOAD, self.download), web.get(UPLOAD, self.upload)]
        if not self._settings.librespeed:
            return ndt7
        return [*ndt7, *LibreSpeed(self, self._groups, self._meters, self._limits.most).routes()]

    async def download(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "download")

    async def upload(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "upload")

    async def stop(self, *_: object) -> None:
        """Ends every test that runs, and begins none any more. For ``on_shutdown`` of the application."""
        self._stopping = True
        for session in self._sessions:
            session.end(End.SERVER_STOPPING)

    # --- who may begin --------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """One of the connections there may be at a time. Raises Unfit."""
        if self._stopping:
            raise Unfit(503, "stopping", "the collector is stopping", RETRY_AFTER)
        if self._places <= 0:
            most = self._settings.connections
            raise Unfit(503, "busy", f"{most} connections of speed tests are open, and no more may be", RETRY_AFTER)
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    def is_open_to(self, request: web.Request) -> bool:
        """Whether the one who asks needs no lease."""
        return access.allowed(request, self._open, self._proxies)

    def address(self, request: web.Request) -> str:
        """The address that asks, as the proxies that are believed tell it."""
        return str(access.peer(request, self._proxies) or "")

    def refused(self, why: Unfit | Closed) -> web.Response:
        """The error as JSON, and no further request on this connection."""
        self._meters.refusals.labels(why.code).inc()
        body: dict[str, object] = {"error": why.code, "message": str(why)}
        retry_after = why.retry_after if isinstance(why, Unfit) else None
        headers = {} if retry_after is None else {"Retry-After": str(round(retry_after))}
        if retry_after is not None:
            body["retry_after"] = retry_after
        response = web.json_response(body, status=why.status, headers=headers)
        response.force_close()
        return response

    async def _pass(self, request: web.Request, test: Test) -> Pass:
        """Raises Closed."""
        token = request.query.get("access_token", "")
        if token:
            return await self._gate.open(token, test, request.headers.get(PROOF, ""))
        if not self.is_open_to(request):
            raise Closed(401, "lease_missing", "a lease is needed: its token goes into access_token")
        return self.common_pass(self._limits.most)

    def common_pass(self, seconds: float) -> Pass:
        """What a client without a lease may use."""
        ends_at = self._now() + int(seconds * 1e6)
        return Pass(
            lease=OPEN, device="", unit="", rate=self._total, left=int(self._total * seconds / 8), ends_at=ends_at
        )

    # --- one test -------------------------------------------------------------------------------------------------
    async def _answer(self, request: web.Request, test: Test) -> web.StreamResponse:
        try:
            key = handshake.check(request)
            with self.place():
                granted = await self._pass(request, test)
                return await self._led(request, test, key, granted)
        except (Unfit, Closed) as why:
            return self.refused(why)
        except Exception as why:
            log.exception("speed test failed", extra={"test": test, "why": one_line(why)})
            return self.refused(Unfit(500, "internal", "the collector failed; its log says why"))

    async def _led(self, request: web.Request, test: Test, key: str, granted: Pass) -> web.StreamResponse:
        """From the upgrade to the record; nothing that goes wrong in it is raised, since the stream is claimed."""
        at, response, client = self._now(), handshake.answer(key), handshake.described(request)
        group = self._groups.join(granted, test)
        session: Session | None = None
        try:
            writer = await response.prepare(request)
            if request.transport is None or writer is None:
                raise ConnectionResetError
            line = Line(request.transport)
            lasts = (granted.ends_at - at) / 1e6
            session = Session(line, test, granted, group, self._gate.count, self._limits, lasts)
            self._sessions.add(session)
            record = await self._run(request, session, writer, at, client)
        except ConnectionError:
            record = self._empty(test, group, at, End.CLIENT_GONE)
        except Exception as why:
            log.exception("speed test failed", extra={"test": test, "why": one_line(why)})
            record = self._empty(test, group, at, End.FAILED)
        finally:
            self._groups.leave(group, id(session))
            if session is not None:
                self._sessions.discard(session)
        await self._kept(granted.lease, record)
        return response

    async def _run(
        self, request: web.Request, session: Session, writer: AbstractStreamWriter, at: int, client: dict[str, str]
    ) -> Record:
        request.protocol.set_parser(cast("Any", session))
        watching, sending = asyncio.create_task(session.watch()), None
        if session.test == "download":
            session.line.prepare_to_send(session.group.bucket.rate if session.group.lease else self._total)
            sending = asyncio.create_task(send(session, writer, self._messages))
        jobs = [job for job in (watching, sending) if job is not None]
        for job in jobs:
            job.add_done_callback(lambda done: _failed(done, session))
        try:
            why = await session.ended
            if sending is not None:  # a close frame cannot stand inside a message
                await asyncio.wait([sending], timeout=FAREWELL)
        except asyncio.CancelledError:
            why = End.SERVER_STOPPING
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        session.account()
        record = session.record(self._name, why, at, client)
        await session.close(why)
        return record

    def _empty(self, test: Test, group: Group, at: int, why: End) -> Record:
        return Record(
            protocol=VERSION, test=test, server=self._name, uuid="", at=at, seconds=0.0, bytes=0, rate=0.0,
            paced=group.bucket.rate, end=why,
        )  # fmt: skip

    async def _kept(self, lease: str, record: Record) -> None:
        self._meters.tests.labels(record.test, record.end).inc()
        self._meters.bytes.labels(record.test).inc(record.bytes)
        if lease == OPEN:
            return
        try:
            await self._gate.done(lease, record.test, msgspec.to_builtins(record))
        except Exception as why:
            log.error("record of a speed test lost", extra={"lease": lease, "why": one_line(why)})


def _failed(job: asyncio.Task[None], session: Session) -> None:
    if job.cancelled() or job.exception() is None:
        return
    if isinstance(job.exception(), ConnectionError):
        session.end(End.CLIENT_GONE)
        return
    log.error("speed test failed", exc_info=job.exception())
    session.end(End.FAILED)
