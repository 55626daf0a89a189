"""Round trips on connections of their own, while others carry the load: TCP, TLS and HTTP (foreign probes)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time

from checks.kit import tcpinfo
from checks.kit.speed import Probes
from checks.kit.url import Url

PATH = "/healthz"
"""What is asked for: any answer is a round trip, and the collector's costs it nothing."""
_AT_ONCE = 8
"""Probes under way: where more wait, nothing comes through, and those that do are told enough by."""
_HEAD = 65536


class Prober:
    """Starts probes of `url`, each given up after `patience` seconds, and keeps what they took."""

    def __init__(self, url: Url, context: ssl.SSLContext | None, patience: float) -> None:
        self._url, self._context, self._patience = url, context, patience
        self._tasks: set[asyncio.Task[None]] = set()
        self._found: list[tuple[float, str, float]] = []

    def start(self) -> None:
        """Begins one more."""
        if len(self._tasks) < _AT_ONCE:
            task = asyncio.create_task(self._probe())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Waits so long for those under way, and gives up the others."""
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def since(self, started: float) -> Probes:
        """The round trips of probes that began at `started` (``time.monotonic``) or later."""
        kept = [(kind, took) for at, kind, took in self._found if at >= started]
        tcp, secure, http = ([took for kind, took in kept if kind == name] for name in ("tcp", "tls", "http"))
        return Probes(tcp=tcp, tls=secure, http=http)

    async def _probe(self) -> None:
        began = time.monotonic()
        # what fails is no round trip: whether the server can be reached is said elsewhere
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(self._patience):
                await self._trip(began)

    async def _trip(self, began: float) -> None:
        reader, writer = await asyncio.open_connection(self._url.host, self._url.port, limit=_HEAD)
        try:
            connected = time.monotonic()
            self._found.append((began, "tcp", _handshake(writer) or connected - began))
            if self._context:
                await writer.start_tls(self._context, server_hostname=self._url.host)
                trips = 1 if _version(writer) == "TLSv1.3" else 2
                self._found.append((began, "tls", (time.monotonic() - connected) / trips))
            asked = time.monotonic()
            writer.write(f"GET {PATH} HTTP/1.1\r\nHost: {self._url.authority}\r\nConnection: close\r\n\r\n".encode())
            if await reader.readuntil(b"\r\n"):
                self._found.append((began, "http", time.monotonic() - asked))
        finally:
            writer.close()


def _handshake(writer: asyncio.StreamWriter) -> float | None:
    """What the kernel took for the round trip of the handshake: the only one there was so far."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    info = tcpinfo.read(sock) if sock else None
    return info.rtt / 1e6 if info and info.rtt else None


def _version(writer: asyncio.StreamWriter) -> str:
    secured: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    return (secured.version() if secured else None) or ""
