"""The pages people read: ``/``, ``/units/{code}``, ``/devices/{id}``. Whole without scripts, in two languages."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from aiohttp import web
from markupsafe import Markup
from msgspec import Struct, field

from checks.kit.model import Check
from collector.board import Board
from collector.readiness.model import Bilingual
from collector.readiness.text import ZONE
from collector.readiness.words import headline
from collector.web import device, overview, roster, svg, unit
from collector.web.assets import Assets
from collector.web.faces import FACES
from collector.web.format import ago, exact, iso, number
from collector.web.i18n import LANGS, text
from collector.web.sse import Events

THEMES = ("auto", "light", "dark")
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie",
}
KEPT = 100
KEPT_FOR = 30 * 1_000_000
_YEAR_SECONDS = 365 * 86_400


def _wall() -> int:
    return time.time_ns() // 1000


class Settings(Struct, frozen=True, kw_only=True):
    """What the pages need besides the board. ``checks`` gives results their titles and units; ``address`` is
    the collector's own URL, for the commands that an empty page shows."""

    locality: Bilingual
    lang: str = "vi"
    zone: ZoneInfo = ZONE
    address: str = "http://127.0.0.1:8420"
    checks: Mapping[str, Check] = field(default_factory=dict)
    silences: unit.Silences = unit.Silences()
    now: Callable[[], int] = _wall


class Reader(Struct, frozen=True):
    """How this request wants to read, and when: ``chosen`` are the cookies to set, because the address said so.
    ``mark`` is the generation before anything was read, so that a page never claims to be newer than it is."""

    lang: str
    theme: str
    chosen: dict[str, str]
    mark: str
    now: int


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def attach(
    app: web.Application,
    board: Board,
    settings: Settings,
    guard: Callable[[Handler], Handler] = lambda handler: handler,
) -> Events:
    """Adds the pages, their files and ``/events`` to `app`, each behind `guard`; streams end when it shuts down."""
    events = Events(board)
    pages = Pages(board, settings, events)
    app.add_routes(web.RouteDef(r.method, r.path, guard(r.handler), r.kwargs) for r in pages.routes())
    app.on_shutdown.append(events.close)
    return events


class Pages:
    """The handlers. They only read the board, and set no cookie but the reader's own choice."""

    def __init__(self, board: Board, settings: Settings, events: Events) -> None:
        self._board, self._settings, self._events = board, settings, events
        self._assets = Assets()
        self._overview = overview.Builder(board)
        self._zone = settings.zone
        self._templates = _templates(self._assets)
        self._kept: dict[tuple[str, ...], str] = {}
        self._kept_for: tuple[str, int] = ("", 0)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.overview),
            web.get("/units/{code}", self.unit),
            web.get("/devices/{id}", self.device),
            web.get("/events", self._events.serve, allow_head=False),
            web.get("/static/{name:.+}", self._assets.serve),
        ]

    async def overview(self, request: web.Request) -> web.Response:
        reader, asked = self._reader(request), request.query
        key = (str(request.rel_url), reader.lang, reader.theme)
        body = self._keeper(reader).get(key)
        if body is None:
            query = overview.query_of(asked.get("q", ""), asked.get("verdict", ""), asked.get("sort", ""))
            view = await self._overview.build(query, reader.now, reader.lang)
            body = self._render(request, reader, "overview.html", view=view, query=query, faces=FACES.values())
            kept = self._keeper(reader)
            if len(kept) < KEPT:
                kept[key] = body
        return _respond(request, reader, body)

    async def unit(self, request: web.Request) -> web.Response:
        reader, code = self._reader(request), request.match_info["code"]
        if code not in self._board.units:
            return self._missing(request, reader, text("missing_unit", reader.lang, code=code))
        view = await unit.build(self._board, code, reader.now, reader.lang, self._zone, self._settings.silences)
        said = headline(view.verdict, view.unit, reader.lang, self._board.targets, self._zone)
        due = roster.build(
            self._board.told(code),
            self._board.stations_of(code),
            self._board.devices_of(code),
            reader.now,
            reader.lang,
            self._settings.silences,
        )
        return _respond(request, reader, self._render(request, reader, "unit.html", view=view, headline=said, due=due))

    async def device(self, request: web.Request) -> web.Response:
        reader, settings = self._reader(request), self._settings
        found = self._board.device(request.match_info["id"])
        if found is None:
            said = text("missing_device", reader.lang, code=request.match_info["id"])
            return self._missing(request, reader, said)
        silences = settings.silences
        view = device.build(self._board, found, settings.checks, reader.now, reader.lang, self._zone, silences)
        return _respond(request, reader, self._render(request, reader, "device.html", view=view))

    def _missing(self, request: web.Request, reader: Reader, said: str) -> web.Response:
        return _respond(request, reader, self._render(request, reader, "missing.html", said=said), 404)

    def _keeper(self, reader: Reader) -> dict[tuple[str, ...], str]:
        """Overviews of the reader's generation and half-minute. All open pages ask at once when something changed:
        they share one rendering."""
        wanted = (reader.mark, reader.now // KEPT_FOR)
        if self._kept_for != wanted:
            self._kept, self._kept_for = {}, wanted
        return self._kept

    def _reader(self, request: web.Request) -> Reader:
        chosen: dict[str, str] = {}
        found: dict[str, str] = {}
        for name, allowed, default in (("lang", LANGS, self._settings.lang), ("theme", THEMES, "auto")):
            kept, asked = request.cookies.get(name, ""), request.query.get(name, "")
            found[name] = kept if kept in allowed else default
            if asked in allowed:
                found[name] = chosen[name] = asked
        return Reader(found["lang"], found["theme"], chosen, self._events.mark, self._settings.now())

    def _render(self, request: web.Request, reader: Reader, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(
            t=partial(text, lang=reader.lang),
            lang=reader.lang,
            theme=reader.theme,
            settings=self._settings,
            here=str(request.rel_url),
            with_=lambda **changes: str(request.rel_url.update_query(changes)),
            mark=reader.mark,
            when=partial(_when, now=reader.now, zone=self._zone, lang=reader.lang),
            number=partial(number, lang=reader.lang),
            read_at=exact(reader.now, self._zone),
            **values,
        )


def _respond(request: web.Request, reader: Reader, body: str, status: int = 200) -> web.Response:
    headers = SECURITY | {"Content-Language": reader.lang}
    response = web.Response(text=body, content_type="text/html", status=status, headers=headers)
    for name, value in reader.chosen.items():
        response.set_cookie(
            name, value, max_age=_YEAR_SECONDS, path="/", httponly=True, samesite="Lax", secure=request.secure
        )
    return response


def _when(at: int | None, now: int, zone: tzinfo, lang: str) -> Markup:
    """An instant, relative, with the exact time on hover and in print."""
    if at is None:
        return Markup("—")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso(at), exact(at, zone), ago(at, now, lang))


def _templates(assets: Assets) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=assets.address, has_asset=assets.has, svg_defs=svg.defs, legend=svg.mark)
    return environment
