"""A small ndt7 server, written from the specification alone, that can misbehave in every way a test needs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from checks.kit import ndt7, tcpinfo
from checks.kit.ndt7 import AppInfo, Measurement

Socket = web.WebSocketResponse
_CHUNK = os.urandom(1 << 14)


class Manners(Struct, kw_only=True):
    """How the server behaves. ``rate`` (bit/s, 0: as fast as it goes) is what it sends and reads; ``run`` and ``code``
    when and how it closes; ``cut`` when it drops the connection; ``inflate`` multiplies what it says it received;
    ``silent``: it tells nothing; ``kernel``: it tells TCP_INFO; ``answer``: instead of switching."""

    rate: float = 0.0
    run: float = ndt7.RUN
    code: int = 1000
    cut: float = 0.0
    inflate: float = 1.0
    drift: float = 1.0
    silent: bool = False
    kernel: bool = True
    chatter: bool = False
    protocol: bool = True
    answer: Callable[[], web.Response] | None = None
    streams: int = 100
    opened: int = 0
    headers: list[dict[str, str]] = []
    queries: list[dict[str, str]] = []


class Server:
    """Serves on loopback, in a thread of its own; ``url`` is where."""

    def __init__(self, manners: Manners, context: ssl.SSLContext | None = None) -> None:
        self.manners, self._context = manners, context
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end_all(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end_all(self) -> None:
        await self._runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get(ndt7.DOWNLOAD, self._handler(self._download))
        app.router.add_get(ndt7.UPLOAD, self._handler(self._upload))
        self._runner = runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._context).start()
        host, port = runner.addresses[0][:2]
        self.url = f"{'https' if self._context else 'http'}://{host}:{port}"

    def _handler(self, work: Callable[[Any, Socket, float], Awaitable[None]]) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            manners = self.manners
            manners.headers.append(dict(request.headers))
            manners.queries.append(dict(request.query))
            manners.opened += 1
            if manners.answer or manners.opened > manners.streams:
                made = manners.answer or (lambda: web.json_response({"error": "lease_used"}, status=403))
                return made()
            ws = Socket(
                protocols=(ndt7.SUBPROTOCOL,) if manners.protocol else (), compress=False, max_msg_size=ndt7.LARGEST,
                timeout=0.5,
            )  # fmt: skip
            await ws.prepare(request)
            began = time.monotonic()
            telling = asyncio.create_task(self._end(request, ws, began))
            with contextlib.suppress(ConnectionError, RuntimeError):
                await work(request, ws, began)
            telling.cancel()
            return ws

        return handle

    async def _end(self, request: web.Request, ws: Socket, began: float) -> None:
        manners = self.manners
        if manners.cut:
            await asyncio.sleep(manners.cut)
            if request.transport is not None:
                request.transport.abort()
            return
        await asyncio.sleep(manners.run)
        await ws.close(code=manners.code)

    async def _download(self, request: web.Request, ws: Socket, began: float) -> None:
        manners, sent, size, told = self.manners, 0, ndt7.MIN_MESSAGE, 0.0
        reading = asyncio.create_task(self._read(ws))
        try:
            while not ws.closed:
                await ws.send_bytes(_CHUNK[:size])
                await asyncio.sleep(0)
                sent += size
                if manners.rate and (ahead := sent * 8 / manners.rate - (time.monotonic() - began)) > 0:
                    await asyncio.sleep(ahead)
                if size < len(_CHUNK) and sent >= ndt7.SCALING * size:
                    size *= 2
                if time.monotonic() - told > ndt7.EVERY and not manners.silent:
                    told = time.monotonic()
                    await self._tell(request, ws, began, sent)
        finally:
            reading.cancel()

    async def _read(self, ws: Socket) -> None:
        while not ws.closed:
            await ws.receive()

    async def _upload(self, request: web.Request, ws: Socket, began: float) -> None:
        manners, received, told = self.manners, 0, time.monotonic()
        while not ws.closed:
            message = await ws.receive()
            if message.type is WSMsgType.BINARY:
                received += len(message.data)
                if manners.rate and (ahead := received * 8 / manners.rate - (time.monotonic() - began)) > 0:
                    await asyncio.sleep(ahead)
            if manners.chatter:
                await ws.send_bytes(b"unasked")
            if time.monotonic() - told > ndt7.EVERY and not manners.silent:
                told = time.monotonic()
                await self._tell(request, ws, began, int(received * manners.inflate))

    async def _tell(self, request: web.Request, ws: Socket, began: float, count: int) -> None:
        elapsed = int((time.monotonic() - began) * 1e6 * self.manners.drift)
        if request.transport is None:
            raise ConnectionResetError
        info = tcpinfo.read(request.transport.get_extra_info("socket"), elapsed) if self.manners.kernel else None
        said = Measurement(app_info=AppInfo(elapsed, count), tcp_info=info, origin="server")
        await ws.send_str(msgspec.json.encode(said).decode())


@contextlib.contextmanager
def serving(manners: Manners | None = None, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server, gone at the end."""
    server = Server(manners or Manners(), context)
    try:
        yield server
    finally:
        server.stop()
