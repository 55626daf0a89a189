"""The request that becomes a WebSocket (RFC 6455 §4.2), and what ndt7 asks of it beside."""

from __future__ import annotations

import base64
import binascii
import hashlib

from aiohttp import web

from checks.kit.ndt7 import SUBPROTOCOL

MAX_QUERY = 4096
"""Bytes of the longest query (ndt7 specification, Query string parameters)."""
MAX_VALUE = 64
DESCRIPTIONS = ("client_name", "client_version", "client_library_name", "client_library_version")
"""What of the query is kept: what a program says of itself. Nothing else, since it could name a person."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Unfit(Exception):
    """A request that opens no test: ``code`` and message of the answer with ``status``."""

    def __init__(self, status: int, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after


def check(request: web.Request) -> str:
    """The key that is to be answered. Raises Unfit."""
    headers = request.headers
    if headers.get("Upgrade", "").strip().lower() != "websocket" or "upgrade" not in _list(request, "Connection"):
        raise _bad("this address speaks WebSocket: expected Upgrade: websocket and Connection: Upgrade")
    if headers.get("Sec-WebSocket-Version", "").strip() != "13":
        raise _bad("expected Sec-WebSocket-Version: 13")
    if SUBPROTOCOL not in _list(request, "Sec-WebSocket-Protocol"):
        raise Unfit(400, "subprotocol_missing", f"expected Sec-WebSocket-Protocol: {SUBPROTOCOL}")
    if len(request.query_string.encode()) > MAX_QUERY:
        raise Unfit(400, "query_too_long", f"the query is over {MAX_QUERY} bytes")
    key = headers.get("Sec-WebSocket-Key", "").strip()
    try:
        fits = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        fits = False
    if not fits:
        raise _bad("expected a Sec-WebSocket-Key of 16 bytes in base64")
    return key


def answer(key: str) -> web.StreamResponse:
    """101. No extension is agreed to: what is compressed measures nothing."""
    digest = hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    response = web.StreamResponse(
        status=101,
        headers={
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": base64.b64encode(digest).decode("ascii"),
            "Sec-WebSocket-Protocol": SUBPROTOCOL,
        },
    )
    response.force_close()
    return response


def described(request: web.Request) -> dict[str, str]:
    """What the client's program says of itself."""
    found = ((name, request.query.get(name, "")) for name in DESCRIPTIONS)
    return {name: value[:MAX_VALUE] for name, value in found if value and value.isprintable()}


def _list(request: web.Request, name: str) -> list[str]:
    values = ",".join(request.headers.getall(name, [])).split(",")
    return [value.strip().lower() for value in values]


def _bad(message: str) -> Unfit:
    return Unfit(400, "bad_handshake", message)
