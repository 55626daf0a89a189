"""The line on the pages: a test asked for now, its live gauge, and the numbers for programs."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response
from sqlalchemy.exc import SQLAlchemyError

from collector.board import Board
from collector.evidence import words
from collector.evidence.account import Account
from collector.evidence.desk import City
from collector.evidence.model import CHECKS
from collector.evidence.watching import Watch, line
from collector.log import one_line
from collector.store.devices import Refused
from collector.web import line as lines
from collector.web.i18n import text
from collector.web.line import LineView
from collector.web.render import SECURITY, Reader, Settings, Writer

MOST_GAUGES = 40
HEARTBEAT, SPACING = 15.0, 1.0
FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 4096
_WRONG = {"bad_author": "wrong_author", "unknown_check": "wrong_check"}
log = logging.getLogger("sansang.pages")


class Desk(Protocol):
    """Implemented by :class:`collector.evidence.desk.Speeds`."""

    async def account(self, unit: str) -> Account: ...
    async def list_units(self, unit: str | None = None) -> City: ...
    async def start(self, unit: str, author: str, device: str = "", check: str = "bandwidth") -> Watch: ...
    async def watch(self, request: str) -> Watch: ...


class SpeedPages:
    """Handlers over a Desk. At most `most` gauges are served at a time, each looks every `spacing` seconds."""

    def __init__(
        self, desk: Desk, board: Board, writer: Writer, settings: Settings, *, most: int = MOST_GAUGES,
        spacing: float = SPACING,
    ) -> None:  # fmt: skip
        self._desk, self._board, self._writer, self._settings = desk, board, writer, settings
        self._most, self._spacing = most, spacing
        self._streams: set[EventSourceResponse] = set()
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/speed", self.numbers),
            web.post("/units/{code}/speed", self.start),
            web.get("/units/{code}/speed/{id}", self.page),
            web.get("/units/{code}/speed/{id}/events", self.events, allow_head=False),
        ]

    async def section(self, unit: str, lang: str) -> LineView | str:
        """What the unit's page shows, or why it cannot."""
        try:
            return lines.build(await self._desk.account(unit), lang)
        except SQLAlchemyError as why:
            log.warning("measurements not readable", extra={"why": one_line(why)})
            return text("storage_down", lang)

    # --- a test now ---
    async def start(self, request: web.Request) -> web.Response:
        """303 to the test's page, or the form's trouble as a page."""
        reader, code = self._writer.reader(request), request.match_info["code"]
        if code not in self._board.units:
            return self._trouble(request, reader, 404, text("missing_unit", reader.lang, code=code))
        if not same_origin(request, self._settings.address):
            return self._trouble(request, reader, 403, text("wrong_origin", reader.lang))
        if request.content_type != FORM or (request.content_length or 0) > LARGEST_FORM:
            return self._trouble(request, reader, 400, text("wrong_check", reader.lang))
        form = await request.post()
        if form.get("confirm") != "yes":
            return self._trouble(request, reader, 400, text("wrong_confirm", reader.lang))
        author, check = str(form.get("author", "")), str(form.get("check", CHECKS[0]))
        try:
            made = await self._desk.start(code, author, check=check)
        except Refused as why:
            key = _WRONG.get(why.code)
            return self._trouble(request, reader, 400, text(key, reader.lang) if key else str(why))
        except SQLAlchemyError as why:
            log.error("request for a test not written", extra={"why": one_line(why)})
            return self._trouble(request, reader, 503, text("storage_down", reader.lang))
        if not made.request.id:
            return self._trouble(request, reader, 409, words.stage(made, reader.lang))
        location = f"/units/{code}/speed/{made.request.id}"
        return web.Response(status=303, headers=SECURITY | {"Location": location})

    async def page(self, request: web.Request) -> web.Response:
        """The test, as it stands; without scripts it comes again every two seconds."""
        reader, code, key = self._writer.reader(request), request.match_info["code"], request.match_info["id"]
        found = await self._found(code, key)
        if found is None:
            return self._trouble(request, reader, 404, text("missing_test", reader.lang, code=key))
        told = self._told(found, reader)
        return self._writer.answer(request, reader, "test.html", unit=self._board.units[code], **told)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The gauge, written anew whenever it changed, and ``event: over`` at the end."""
        reader, code, key = self._writer.reader(request), request.match_info["code"], request.match_info["id"]
        if self._closing or len(self._streams) >= self._most:
            return web.Response(status=503, text="too many gauges are open", headers={"Retry-After": "30"})
        if await self._found(code, key) is None:
            return web.Response(status=404, text="no such test")
        headers = {"X-Content-Type-Options": "nosniff"}
        async with sse_response(request, sep="\n", ping_interval=HEARTBEAT, headers=headers) as stream:
            self._streams.add(stream)
            telling = asyncio.create_task(self._tell(stream, request, reader, code, key))
            try:
                await stream.wait()
            finally:
                self._streams.discard(stream)
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
        return stream

    async def _tell(
        self, stream: EventSourceResponse, request: web.Request, reader: Reader, code: str, key: str
    ) -> None:
        shown = ""
        try:
            while stream.is_connected():
                found = await self._found(code, key)
                if found is not None and line(found) != shown:
                    shown = line(found)
                    await stream.send(self._writer.page(request, reader, "gauge.html", **self._told(found, reader)))
                if found is None or found.over:
                    await stream.send("over", event="over")
                    break
                await asyncio.sleep(self._spacing)
        except (ConnectionError, TimeoutError):
            return
        finally:
            stream.stop_streaming()

    async def close(self, _app: web.Application | None = None) -> None:
        """Ends every gauge; pages come back by themselves once there is a server again."""
        self._closing = True
        for stream in list(self._streams):
            stream.stop_streaming()

    async def _found(self, code: str, key: str) -> Watch | None:
        """The unit's request `key`; None where there is none, or the database does not answer."""
        try:
            found = await self._desk.watch(key)
        except (Refused, SQLAlchemyError):
            return None
        return found if found.request.unit == code and code in self._board.units else None

    def _told(self, found: Watch, reader: Reader) -> dict[str, Any]:
        lang = reader.lang
        return {
            "watch": found,
            "said": words.stage(found, lang),
            "share": words.shown(found.share, "ratio", lang) if found.share else "",
            "rates": [
                (words.way(name, lang), words.shown(rate, "bits_per_second", lang))
                for name, rate in found.rates.items()
            ],
            "used": words.shown(float(found.used), "bytes", lang) if found.used else "",
            "by": text("test_by", lang, author=found.request.author, check=text(f"check_{found.request.check}", lang)),
        }

    def _trouble(self, request: web.Request, reader: Reader, status: int, said: str) -> web.Response:
        code = request.match_info["code"]
        unit = self._board.units.get(code)
        return self._writer.answer(request, reader, "refused.html", status, unit=unit, said=said)

    # --- for programs ---
    async def numbers(self, request: web.Request) -> web.Response:
        """``/v1/speed?unit=``: one unit's account; without a unit, all of them, and their providers."""
        unit = request.query.get("unit")
        try:
            found = await (self._desk.list_units() if unit is None else self._desk.account(unit))
        except Refused as why:
            return _json({"error": why.code, "message": str(why)}, 404)
        except SQLAlchemyError as why:
            log.warning("measurements not readable", extra={"why": one_line(why)})
            return _json({"error": "storage", "message": "the store does not answer"}, 503)
        return _json(found)


def same_origin(request: web.Request, address: str) -> bool:
    """Whether a page of ours sent this form. Browsers say so (Fetch Metadata, or ``Origin``); what says neither is
    none. Our own name, or a literal address, has to be the one that was asked: a stranger's name that leads here (DNS
    rebinding) would count as the same origin too."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None or urlsplit(origin).netloc != request.host:
        return False
    name = urlsplit(f"//{request.host}").hostname or ""
    return name in ("localhost", urlsplit(address).hostname) or _literal(name)


def _literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _json(found: Account | City | Mapping[str, str], status: int = 200) -> web.Response:
    headers = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    return web.Response(
        body=msgspec.json.encode(found), status=status, content_type="application/json", headers=headers
    )
