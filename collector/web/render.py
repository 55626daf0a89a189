"""How a page is written and answered: templates, headers, the reader's language and theme."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from collector.web import svg
from collector.web.assets import Assets
from collector.web.contact import Silences
from collector.web.format import ago, exact, iso, number
from collector.web.i18n import LANGS, text
from collector.web.runbook import FILE

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
_YEAR_SECONDS = 365 * 86_400


def _wall() -> int:
    return time.time_ns() // 1000


class Settings(Struct, frozen=True, kw_only=True):
    """What the pages need besides the board. ``checks`` gives results their titles and units; ``address`` is
    the collector's own URL, for the commands that an empty page shows; ``runbook`` the file of that page."""

    locality: Bilingual
    lang: str = "vi"
    zone: ZoneInfo = ZONE
    address: str = "http://127.0.0.1:8420"
    checks: Mapping[str, Check] = field(default_factory=dict)
    silences: Silences = Silences()
    runbook: Path = FILE
    now: Callable[[], int] = _wall


class Reader(Struct, frozen=True):
    """How this request wants to read, and when: ``chosen`` are the cookies to set, because the address said so.
    ``mark`` is the generation before anything was read, so that a page never claims to be newer than it is."""

    lang: str
    theme: str
    chosen: dict[str, str]
    mark: str
    now: int


class Writer:
    """Writes pages over `board`; `mark` tells its present generation."""

    def __init__(self, board: Board, settings: Settings, assets: Assets, mark: Callable[[], str]) -> None:
        self._board, self._settings, self._mark = board, settings, mark
        self._templates = _templates(assets)

    def reader(self, request: web.Request) -> Reader:
        chosen: dict[str, str] = {}
        found: dict[str, str] = {}
        for name, allowed, default in (("lang", LANGS, self._settings.lang), ("theme", THEMES, "auto")):
            kept, asked = request.cookies.get(name, ""), request.query.get(name, "")
            found[name] = kept if kept in allowed else default
            if asked in allowed:
                found[name] = chosen[name] = asked
        return Reader(found["lang"], found["theme"], chosen, self._mark(), self._settings.now())

    def page(self, request: web.Request, reader: Reader, template: str, **values: Any) -> str:
        """`template`, written out; `values` go before what every template has."""
        zone, lang = self._settings.zone, reader.lang
        return self._templates.get_template(template).render(
            {
                "t": partial(text, lang=lang),
                "lang": lang,
                "theme": reader.theme,
                "settings": self._settings,
                "trouble": self._board.trouble(reader.lang),
                "path": request.path,
                "here": str(request.rel_url),
                "with_": lambda **changes: str(request.rel_url.update_query(changes)),
                "mark": reader.mark,
                "when": partial(when, now=reader.now, zone=zone, lang=lang),
                "number": partial(number, lang=lang),
                "read_at": exact(reader.now, zone),
            }
            | values
        )

    def answer(
        self, request: web.Request, reader: Reader, template: str, status: int = 200, **values: Any
    ) -> web.Response:
        return respond(request, reader, self.page(request, reader, template, **values), status)


def respond(request: web.Request, reader: Reader, body: str, status: int = 200) -> web.Response:
    headers = SECURITY | {"Content-Language": reader.lang}
    response = web.Response(text=body, content_type="text/html", status=status, headers=headers)
    for name, value in reader.chosen.items():
        response.set_cookie(
            name, value, max_age=_YEAR_SECONDS, path="/", httponly=True, samesite="Lax", secure=request.secure
        )
    return response


def moved(address: str) -> web.Response:
    """For good: 301, under the same headers as a page."""
    return web.Response(status=301, headers=SECURITY | {"Location": address})


def when(at: int | None, now: int, zone: tzinfo, lang: str) -> Markup:
    """An instant, relative, with the exact time on hover and in print."""
    if at is None:
        return Markup("—")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso(at), exact(at, zone), ago(at, now, lang))


def when_exactly(at: int | None, zone: tzinfo) -> Markup:
    """An instant of a page about the past, where "an hour ago" would be read from now."""
    if at is None:
        return Markup("—")
    return Markup('<time datetime="{}">{}</time>').format(iso(at), exact(at, zone)[:16])


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
