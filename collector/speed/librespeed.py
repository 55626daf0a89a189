"""Endpoints shaped like LibreSpeed's (librespeed/speedtest, backend/*.php), for clients in ``speed.open``: they know no
leases. What they take comes off the same rate as ndt7 without a lease."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Protocol

from aiohttp import web

from collector.leases.gate import Closed, Pass
from collector.speed.handshake import Unfit
from collector.speed.meters import Meters
from collector.speed.pacing import Groups

MEBIBYTE = 1 << 20
CHUNKS, MOST_CHUNKS = 4, 1024
"""MiB that garbage.php sends when it is not told, and at most."""
NEVER_CACHED = {
    "Cache-Control": "no-store, no-cache, must-revalidate, max-age=0, s-maxage=0, post-check=0, pre-check=0",
    "Pragma": "no-cache",
}
FOREIGN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Encoding, Content-Type",
}
"""What a page of another origin is told, where it asks with ``?cors=true``."""
FILE = {
    "Content-Description": "File Transfer",
    "Content-Disposition": "attachment; filename=random.dat",
    "Content-Transfer-Encoding": "binary",
}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Host(Protocol):
    """What of :class:`collector.speed.server.Speed` is needed here."""

    def place(self) -> AbstractContextManager[None]: ...

    def is_open_to(self, request: web.Request) -> bool: ...

    def address(self, request: web.Request) -> str: ...

    def refused(self, why: Unfit | Closed) -> web.Response: ...

    def common_pass(self, seconds: float) -> Pass: ...


class LibreSpeed:
    def __init__(self, host: Host, groups: Groups, meters: Meters, most: float) -> None:
        self._host, self._groups, self._meters, self._most = host, groups, meters, most
        self._garbage = os.urandom(MEBIBYTE)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/backend/garbage.php", self._served(self.garbage)),
            web.route("*", "/backend/empty.php", self._served(self.empty)),
            web.get("/backend/getIP.php", self._served(self.address)),
        ]

    async def garbage(self, request: web.Request) -> web.StreamResponse:
        """``ckSize`` MiB of random bytes, or as much as passes before the test is given up."""
        response = web.StreamResponse(headers=_headers(request) | FILE)
        response.content_type = "application/octet-stream"
        await response.prepare(request)
        group = self._groups.join(self._host.common_pass(self._most), "download")
        try:
            async with asyncio.timeout(self._most):
                for _ in range(_chunks(request.query.get("ckSize", ""))):
                    await self._chunk(response, group.bucket.piece, group.bucket.taken)
        finally:
            self._groups.leave(group)
        return response

    async def _chunk(self, response: web.StreamResponse, piece: int, taken: Callable[[int], Awaitable[None]]) -> None:
        for at in range(0, MEBIBYTE, piece):
            part = memoryview(self._garbage)[at : at + piece]
            await response.write(part)
            self._meters.bytes.labels("download").inc(len(part))
            await taken(len(part))

    async def empty(self, request: web.Request) -> web.StreamResponse:
        """Nothing, whatever is posted: the upload and the ping of these clients."""
        group = self._groups.join(self._host.common_pass(self._most), "upload")
        try:
            async with asyncio.timeout(self._most):
                while part := await request.content.readany():
                    self._meters.bytes.labels("upload").inc(len(part))
                    await group.bucket.taken(len(part))
        finally:
            self._groups.leave(group)
        return web.Response(headers=_headers(request))

    async def address(self, request: web.Request) -> web.StreamResponse:
        """The client's address and no more: nobody else is asked about it."""
        shown = {"processedString": self._host.address(request), "rawIspInfo": ""}
        return web.json_response(shown, headers=_headers(request))

    def _served(self, answer: Answer) -> Answer:
        """To clients in ``speed.open``, on one of the connections there may be."""

        async def served(request: web.Request) -> web.StreamResponse:
            try:
                if not self._host.is_open_to(request):
                    raise Unfit(403, "forbidden", "this address may not test without a lease (speed.open)")
                with self._host.place():
                    return await answer(request)
            except (Unfit, Closed) as why:
                return self._host.refused(why)
            except TimeoutError:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=408)

        return served


def _chunks(text: str) -> int:
    """As intval() of PHP reads it, or nearly: what is no number above zero is the default."""
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return min(count or CHUNKS, MOST_CHUNKS)


def _headers(request: web.Request) -> dict[str, str]:
    return NEVER_CACHED | (FOREIGN if "cors" in request.query else {})
