"""``POST /v1/leases``: a device asks for a lease, or gives one back."""

from __future__ import annotations

import asyncio
from collections.abc import Container

import msgspec
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from checks.kit.leasing import CONTEXT, Answer, Release, Want
from collector.api import guarded, signed
from collector.directory import Directory
from collector.ingest import Refusal
from collector.leases.book import Book

MOST = 4096
_ID = frozenset("0123456789abcdef")
_decode_want = msgspec.json.Decoder(Want).decode
_decode_release = msgspec.json.Decoder(Release).decode


class LeaseApi:
    """`checks` are the names of the checks there are."""

    def __init__(
        self, book: Book, directory: Directory, checks: Container[str], *, timeout: float = 10.0, retry: float = 30.0
    ) -> None:
        self._book, self._directory, self._checks = book, directory, checks
        self._timeout, self._retry = timeout, retry

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/leases", guarded(self.lease))]

    async def lease(self, request: web.Request) -> web.Response:
        """200 with an Answer; one that names neither a grant nor a denial to what was given back."""
        body = await self._body(request)
        member = signed(self._directory, request, CONTEXT + body)
        asked = _decoded(body)
        try:
            if isinstance(asked, Release):
                await self._book.release(member.device, asked)
                answer = Answer()
            else:
                self._known(asked)
                answer = await self._book.ask(member.device, asked)
        except SQLAlchemyError:
            raise Refusal(503, "storage", "the store does not take writes", self._retry) from None
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    async def _body(self, request: web.Request) -> bytes:
        too_large = Refusal(413, "too_large", f"the body is over {MOST} bytes")
        if request.content_length is not None and request.content_length > MOST:
            raise too_large
        body = b""
        try:
            async with asyncio.timeout(self._timeout):
                async for part in request.content.iter_chunked(MOST):
                    body += part
                    if len(body) > MOST:
                        raise too_large
        except TimeoutError:
            raise Refusal(408, "timeout", f"the body did not arrive in {self._timeout:g} s") from None
        return body

    def _known(self, want: Want) -> None:
        """Names go into the store: only those that are."""
        if want.check not in self._checks:
            raise Refusal(400, "invalid", f"no check is called {want.check!r}")


def _decoded(body: bytes) -> Want | Release:
    """Raises Refusal."""
    try:
        if b'"release"' not in body:
            return _decode_want(body)
        told = _decode_release(body)
    except msgspec.ValidationError as why:
        raise Refusal(400, "invalid", str(why)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(400, "not_json", "the body is no JSON") from None
    if not _ID.issuperset(told.release):
        raise Refusal(400, "invalid", "a lease is named by hexadecimal digits")
    return told
