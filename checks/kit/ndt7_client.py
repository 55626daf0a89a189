"""The ndt7 client's connections, in a process of its own: aiohttp costs 22 MB. The one module of the kit that has it.

Faithful to the specification of M-Lab (see :mod:`checks.kit.ndt7`): one WebSocket a stream, binary messages that grow,
measurement messages every 250 ms, a close frame at the end. Redirects are not followed, and nothing is compressed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
from aiohttp import WSMsgType

from checks.kit import ndt7, ndt7_run, tcpinfo, tls
from checks.kit.failure import NetError, from_os
from checks.kit.leasing import PROOF
from checks.kit.model import Reason
from checks.kit.ndt7_run import Stream
from checks.kit.speed import Plan, Report, Way
from checks.kit.url import Url, parse

AGENT = "sansang-agent"
_BODY = 4096
_FAREWELL = 2.0
"""Seconds for the other side to answer our close, behind what is still in its queues."""
_UNSENT = 128 * 1024
"""Bytes that our kernel may hold unsent (TCP_NOTSENT_LOWAT), or what _AHEAD seconds send: more would be our own queue,
measured as the line's, and with less a fast line would idle whenever this process does not run."""
_AHEAD = 0.03
_NOTSENT = 25
_MESSAGE = 0.05
"""Seconds that one of our messages may last: a longer one is too coarse for a server that counts by message."""
_PAYLOAD = os.urandom(ndt7.MAX_MESSAGE)


class Refused(Exception):
    """A stream that does not open, or was cut: why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Rejection(msgspec.Struct):
    """The JSON with which a collector refuses."""

    error: str = ""


def measure(argument: dict[str, Any]) -> Report:
    """In a child: the test that `argument` (a :class:`checks.kit.speed.Plan`) describes. What goes wrong stands in the
    ways of the report."""
    return asyncio.run(_measure(msgspec.convert(argument, Plan)))


async def _measure(plan: Plan) -> Report:
    url = parse(plan.url)
    try:
        context = tls.Contexts().get(plan.ca_file) if url.secure else None
    except NetError as why:
        return Report(ways=(Way(direction=plan.ways[0], reason=why.reason, detail=why.detail),))
    async with _session(plan.patience) as session:

        async def opens(direction: str) -> Stream:
            try:
                return await _open(session, plan, url, direction, context)
            except Refused as why:
                return Stream(direction, reason=why.reason, detail=why.detail)

        return await ndt7_run.Test(plan, url, context, opens).run()


@contextlib.asynccontextmanager
async def _session(patience: float) -> AsyncIterator[aiohttp.ClientSession]:
    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(_redirected)
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None, connect=patience, sock_connect=patience),
        connector=aiohttp.TCPConnector(limit=0, use_dns_cache=False),
        raise_for_status=_judge,
        trace_configs=[tracing],
        headers={"User-Agent": AGENT},
    ) as session:
        yield session


async def _redirected(*_: object) -> None:
    raise Refused(Reason.CAPTIVE_PORTAL, "the answer leads elsewhere")


async def _judge(answer: aiohttp.ClientResponse) -> None:
    """Raises Refused for every answer but the switch to WebSockets, before aiohttp throws its body away."""
    status = answer.status
    if status == 101:
        return
    body = await answer.content.read(_BODY)
    code = ""
    with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        code = msgspec.json.decode(body, type=Rejection).error[:64]
    if code.startswith("lease_"):
        raise Refused(Reason.LEASE_REFUSED, f"the server refuses the lease: {code}")
    if status == 511 or 200 <= status < 400:
        raise Refused(Reason.CAPTIVE_PORTAL, f"a page was answered in the server's place (status {status})")
    if status in (401, 403):
        raise Refused(Reason.LEASE_REFUSED, f"the server refuses the lease (status {status})")
    raise Refused(Reason.HTTP_STATUS, f"the server answered with status {status}")


async def _open(
    session: aiohttp.ClientSession, plan: Plan, url: Url, direction: str, context: ssl.SSLContext | None
) -> Stream:
    where = ndt7.DOWNLOAD if direction == "download" else ndt7.UPLOAD
    try:
        async with asyncio.timeout(2 * plan.patience):
            ws = await session.ws_connect(
                f"{url.scheme}://{url.authority}{where}",
                params={"access_token": plan.token} if plan.token else None,
                headers={PROOF: plan.proof} if plan.proof else None,
                protocols=(ndt7.SUBPROTOCOL,),
                ssl=context or True,
                timeout=aiohttp.ClientWSTimeout(ws_close=_FAREWELL),
                autoclose=False,
                autoping=False,
                max_msg_size=ndt7.LARGEST,
            )
    except (aiohttp.ClientError, OSError, TimeoutError) as why:
        raise _failure(why) from None
    if ws.protocol != ndt7.SUBPROTOCOL:
        await ws.close()
        raise Refused(Reason.WEBSOCKET_REFUSED, "the server does not speak ndt7")
    return _Socket(ws, direction, plan.rate, secure=url.secure)


def _failure(why: Exception) -> Refused:
    """What aiohttp says, as a reason; the way there was tried just before, so most of it changed meanwhile."""
    if isinstance(why, aiohttp.WSServerHandshakeError):
        return Refused(Reason.WEBSOCKET_REFUSED, "the server does not complete the opening of the WebSocket")
    if isinstance(why, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return Refused(Reason.TLS_HANDSHAKE, "the handshake failed")
    if isinstance(why, aiohttp.ClientConnectorDNSError):
        return Refused(Reason.DNS_SERVFAIL, "the name server could not answer")
    if isinstance(why, aiohttp.ClientConnectorError):
        found = from_os(why.os_error, Reason.TCP_TIMEOUT, "when connecting")
        return Refused(found.reason, found.detail)
    if isinstance(why, TimeoutError):
        return Refused(Reason.HTTP_TIMEOUT, "the server does not answer the opening of the WebSocket in time")
    if isinstance(why, aiohttp.ServerDisconnectedError | OSError):
        return Refused(Reason.TEST_CUT, "the server closed the connection before the test began")
    return Refused(Reason.HTTP_PROTOCOL, "the answer is no HTTP")


class _Socket(Stream):
    """A stream on an open WebSocket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse[bool], direction: str, rate: float, *, secure: bool) -> None:
        super().__init__(direction, secure=secure)
        self._ws, self._rate = ws, rate
        self._tasks: list[asyncio.Task[None]] = []
        self._pinged: dict[bytes, float] = {}
        self._noted = (0.0, 0)
        self._sock: Any = ws.get_extra_info("socket")
        self._may_hold(_UNSENT)

    def start(self, began: float) -> None:
        super().start(began)
        self._tasks.append(asyncio.create_task(self._receive()))
        if self.direction == "upload":
            self._tasks.append(asyncio.create_task(self._send()))

    def info(self) -> ndt7.TCPInfo | None:
        return tcpinfo.read(self._sock) if self._sock else None

    def _may_hold(self, unsent: int) -> None:
        if self.direction == "upload" and tcpinfo.LINUX:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(tcpinfo.IPPROTO_TCP, _NOTSENT, unsent)

    async def ping(self) -> None:
        mark = os.urandom(4)
        self._pinged[mark] = time.monotonic()
        await self._quietly(self._ws.ping(mark))

    async def report(self, now: float) -> None:
        # as it was a report ago: a server counts a message when it has handed all of it on, and may not yet have
        # counted what has just arrived here; in this connection's own time
        (then, count), self._noted = self._noted, (now - self.points[0][0], self.payload)
        told = ndt7.Measurement(
            app_info=ndt7.AppInfo(elapsed_time=int(then * 1e6), num_bytes=count),
            origin="client",
            test="upload" if self.direction == "upload" else "download",
        )
        await self._quietly(self._ws.send_str(msgspec.json.encode(told).decode("ascii")))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL + 0.5):
                await self._quietly(self._ws.close())

    async def _quietly(self, doing: Any) -> None:
        # a connection that is gone is seen by who receives on it
        with contextlib.suppress(aiohttp.ClientError, OSError, RuntimeError):
            await doing

    async def _receive(self) -> None:
        while not self.ended and not (self.direction == "download" and self.enough()):
            message = await self._ws.receive()
            kind, data = message.type, message.data
            if kind is WSMsgType.BINARY and self.direction == "download":
                self.payload += len(data)
            elif kind is WSMsgType.TEXT:
                self._heard(data)
            elif kind is WSMsgType.PING:
                await self._quietly(self._ws.pong(data))
            elif kind is WSMsgType.PONG:
                if (asked := self._pinged.pop(bytes(data), None)) is not None:
                    self.round_trips.append((asked, time.monotonic() - asked))
            elif kind is WSMsgType.BINARY:
                self.fail(Reason.HTTP_PROTOCOL, "the server sends data during an upload")
            else:
                self._over(kind)

    def _heard(self, text: str) -> None:
        with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
            if len(text) <= ndt7.MAX_TEXT:
                self.hear(msgspec.json.decode(text, type=ndt7.Measurement), time.monotonic())

    def _over(self, kind: WSMsgType) -> None:
        code = self._ws.close_code
        if kind in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING) and code == aiohttp.WSCloseCode.OK:
            self.ended = True
        else:
            self.fail(Reason.TEST_CUT, f"the connection ended in the middle of the test (WebSocket code {code})")

    async def _send(self) -> None:
        size, began = ndt7.MIN_MESSAGE, time.monotonic()
        message = _PAYLOAD[:size]
        try:
            while not self.ended and not self.enough():
                self.given += size
                await self._ws.send_bytes(message)
                self.payload += size
                await asyncio.sleep(0)  # a send that need not wait does not let others run
                passed = time.monotonic() - began
                if self._rate and (ahead := self.moved() * 8 / self._rate - time.monotonic() + self._began) > 0.001:
                    await asyncio.sleep(min(ahead, 0.25))
                room = self.payload * _MESSAGE / passed if passed else 0
                while 2 * size <= min(ndt7.MAX_MESSAGE, room) and self.payload >= ndt7.SCALING * size:
                    size *= 2
                    message = _PAYLOAD[:size]
                    self._may_hold(max(_UNSENT, int(self.payload / passed * _AHEAD)))
        except (aiohttp.ClientError, OSError, RuntimeError):
            return  # who receives says why
