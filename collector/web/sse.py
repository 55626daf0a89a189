"""Tells open pages that something changed: ``event: change`` with the board's generation as its id."""

from __future__ import annotations

import asyncio
import secrets

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from collector.board import Board

MOST_CLIENTS = 200
HEARTBEAT = 15.0
SPACING = 1.0


class Events:
    """``GET /events``. A page says which generation it shows (``since``, or ``Last-Event-ID`` when it comes back)
    and is told at once when that is not the present one.

    At most `most` clients are served, the next one gets 503; a change is told at most every `spacing` seconds.
    """

    def __init__(self, board: Board, *, most: int = MOST_CLIENTS, spacing: float = SPACING) -> None:
        self._board, self._most, self._spacing = board, most, spacing
        # Generations start anew with every process, so a page that outlives one must not mistake them.
        self._run = secrets.token_hex(4)
        self._clients: dict[EventSourceResponse, web.Request] = {}
        self._closing = False

    @property
    def mark(self) -> str:
        """The present generation, as pages carry it."""
        return f"{self._run}-{self._board.generation}"

    @property
    def clients(self) -> int:
        """How many pages listen. A closed tab is noticed at the next heartbeat, but does not count until then."""
        return sum(1 for request in self._clients.values() if request.transport and not request.transport.is_closing())

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._closing or self.clients >= self._most:
            return web.Response(status=503, text="too many open pages", headers={"Retry-After": "30"})
        seen = request.headers.get("Last-Event-ID") or request.query.get("since", "")
        headers = {"X-Content-Type-Options": "nosniff"}
        async with sse_response(request, sep="\n", ping_interval=HEARTBEAT, headers=headers) as stream:
            self._clients[stream] = request
            telling = asyncio.create_task(self._tell(stream, seen))
            try:
                await stream.wait()
            finally:
                del self._clients[stream]
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
        return stream

    async def _tell(self, stream: EventSourceResponse, seen: str) -> None:
        generation = self._board.generation
        while stream.is_connected():
            if self.mark != seen:
                generation, seen = self._board.generation, self.mark
                try:
                    await stream.send(str(generation), id=seen, event="change")
                except (ConnectionError, TimeoutError):
                    return
                await asyncio.sleep(self._spacing)
            await self._board.changed(generation, HEARTBEAT)

    async def close(self, _app: web.Application | None = None) -> None:
        """Ends every stream; pages come back by themselves once there is a server again."""
        self._closing = True
        for stream in list(self._clients):
            stream.stop_streaming()
