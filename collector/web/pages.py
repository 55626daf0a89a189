"""The pages people read: the city, a unit, a device, findings, the plan, the runbook. Whole without scripts, in two
languages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from collector import VERSION
from collector.board import Board
from collector.web import device, findings, overview, plan, roster, unit
from collector.web.assets import Assets
from collector.web.faces import FACES
from collector.web.i18n import text
from collector.web.past import Moment, moment
from collector.web.render import Reader, Writer, moved, respond, when_exactly
from collector.web.render import Settings as Settings
from collector.web.runbook import Runbook
from collector.web.speed import Desk, SpeedPages
from collector.web.sse import Events

KEPT = 100
KEPT_FOR = 30 * 1_000_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def attach(
    app: web.Application,
    board: Board,
    settings: Settings,
    guard: Callable[[Handler], Handler] = lambda handler: handler,
    desk: Desk | None = None,
) -> Events:
    """Adds the pages, their files and ``/events`` to `app`, each behind `guard`; streams end when it shuts down. With a
    `desk` the pages tell of the lines' speed, and ask for tests."""
    events = Events(board)
    pages = Pages(board, settings, events, desk)
    app.add_routes(web.RouteDef(r.method, r.path, guard(r.handler), r.kwargs) for r in pages.routes())
    app.on_shutdown.append(events.close)
    if pages.speed is not None:
        app.on_shutdown.append(pages.speed.close)
    return events


class Pages:
    """The handlers. They only read the board, and set no cookie but the reader's own choice."""

    def __init__(self, board: Board, settings: Settings, events: Events, desk: Desk | None = None) -> None:
        self._board, self._settings, self._events = board, settings, events
        self._assets = Assets()
        self._overview = overview.Builder(board, settings.zone)
        self._zone = settings.zone
        self._runbook = Runbook(settings.runbook)
        self._writer = Writer(board, settings, self._assets, lambda: events.mark)
        self.speed = SpeedPages(desk, board, self._writer, settings) if desk is not None else None
        self._kept: dict[tuple[str, ...], str] = {}
        self._kept_for: tuple[str, int] = ("", 0)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.overview),
            web.get("/units/{code}", self.unit),
            web.get("/devices/{id}", self.device),
            web.get("/findings", self.findings),
            web.get("/findings/{id}", self.finding),
            web.get("/plan", self.plan),
            web.get("/runbook", self.runbook),
            web.get("/events", self._events.serve, allow_head=False),
            web.get("/static/{name:.+}", self._assets.serve),
            *(self.speed.routes() if self.speed is not None else ()),
        ]

    async def overview(self, request: web.Request) -> web.Response:
        reader, asked_for = self._writer.reader(request), request.query
        key = (str(request.rel_url), reader.lang, reader.theme)
        body = self._keeper(reader).get(key)
        if body is None:
            query = overview.query_of(asked_for.get("q", ""), asked_for.get("verdict", ""), asked_for.get("sort", ""))
            view = await self._overview.build(query, reader.now, reader.lang)
            body = self._writer.page(request, reader, "overview.html", view=view, query=query, faces=FACES)
            kept = self._keeper(reader)
            if len(kept) < KEPT:
                kept[key] = body
        return respond(request, reader, body)

    async def unit(self, request: web.Request) -> web.Response:
        reader, code = self._writer.reader(request), request.match_info["code"]
        if code not in self._board.units:
            return self._former(request, reader, code)
        then = moment(request.query.get("at", ""), reader.now, reader.lang, self._zone)
        if then.at is not None:
            return await self._unit_then(request, reader, code, then)
        silences = self._settings.silences
        view = await unit.build(self._board, code, reader.now, reader.lang, self._zone, silences)
        due = roster.build(
            self._board.told(code),
            self._board.stations_of(code),
            self._board.devices_of(code),
            reader.now,
            reader.lang,
            silences,
        )
        line = await self.speed.section(code, reader.lang) if self.speed is not None else None
        return self._writer.answer(request, reader, "unit.html", view=view, due=due, then=then, line=line)

    async def _unit_then(self, request: web.Request, reader: Reader, code: str, then: Moment) -> web.Response:
        view = await unit.build_past(self._board, code, then.at or 0, reader.lang, self._zone)
        then_when = partial(when_exactly, zone=self._zone)
        name = self._board.units[code]
        return self._writer.answer(request, reader, "past.html", view=view, unit=name, then=then, when=then_when)

    def _former(self, request: web.Request, reader: Reader, code: str) -> web.Response:
        """The way from a code of before the merger to today's; 404 for one that never was."""
        now = [self._board.units[each] for each in self._board.successors(code) if each in self._board.units]
        if not now:
            return self._missing(request, reader, text("missing_unit", reader.lang, code=code))
        if len(now) == 1:
            return moved(f"/units/{now[0].code}")
        return self._writer.answer(request, reader, "former.html", code=code, units=now)

    async def device(self, request: web.Request) -> web.Response:
        reader, settings = self._writer.reader(request), self._settings
        found = self._board.device(request.match_info["id"])
        if found is None:
            said = text("missing_device", reader.lang, code=request.match_info["id"])
            return self._missing(request, reader, said)
        silences = settings.silences
        view = await device.build(self._board, found, settings.checks, reader.now, reader.lang, self._zone, silences)
        return self._writer.answer(request, reader, "device.html", view=view)

    async def findings(self, request: web.Request) -> web.Response:
        reader = self._writer.reader(request)
        view = await findings.listed(self._board, reader.now, reader.lang, self._zone)
        return self._writer.answer(request, reader, "findings.html", view=view)

    async def finding(self, request: web.Request) -> web.Response:
        reader, key = self._writer.reader(request), request.match_info["id"]
        found = await self._board.finding(key)
        if found is None:
            return self._missing(request, reader, text("missing_finding", reader.lang, code=key))
        view = findings.page(found, self._board, reader.now, reader.lang, self._zone)
        return self._writer.answer(request, reader, "finding.html", view=view)

    async def plan(self, request: web.Request) -> web.Response:
        reader = self._writer.reader(request)
        return self._writer.answer(request, reader, "plan.html", view=plan.build(self._board, reader.lang))

    async def runbook(self, request: web.Request) -> web.Response:
        reader, manual = self._writer.reader(request), await self._runbook.manual()
        status = 404 if manual is None else 200
        return self._writer.answer(request, reader, "runbook.html", status, manual=manual, version=VERSION)

    def _missing(self, request: web.Request, reader: Reader, said: str) -> web.Response:
        return self._writer.answer(request, reader, "missing.html", 404, said=said)

    def _keeper(self, reader: Reader) -> dict[tuple[str, ...], str]:
        """Overviews of the reader's generation and half-minute. All open pages ask at once when something changed:
        they share one rendering."""
        wanted = (reader.mark, reader.now // KEPT_FOR)
        if self._kept_for != wanted:
            self._kept, self._kept_for = {}, wanted
        return self._kept
