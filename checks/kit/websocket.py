"""Opening a WebSocket and closing it again (RFC 6455): can this device hold such a connection at all."""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

from checks.kit import http1
from checks.kit.failure import NetError
from checks.kit.http1 import Response
from checks.kit.model import Reason
from checks.kit.url import Url

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SWITCHED = 101
_CLOSE, _FINAL, _MASKED, _NORMAL = 8, 0x80, 0x80, 1000


def upgrade(net: Any, sock: socket.socket, url: Url, timeout: float, told: Callable[[str, float], None]) -> Response:
    """The answer to the opening handshake for `url` on `sock` (§4.1); an opened WebSocket has been told to close.

    Raises NetError: WEBSOCKET_REFUSED when what answers 101 does not answer the handshake, and what
    :func:`checks.kit.http1.exchange` raises.
    """
    key = _base64(os.urandom(16))
    fields = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13")
    answer: Response = net.request(sock, http1.request(url, fields=fields), timeout, 0, switch=True, told=told)
    if answer.status == SWITCHED:
        fault = wrong(answer.headers, key)
        if fault:
            raise NetError(Reason.WEBSOCKET_REFUSED, fault)
        with contextlib.suppress(OSError):
            sock.settimeout(1.0)
            sock.sendall(closing(os.urandom(4)))
    return answer


def wrong(headers: dict[str, str], key: str) -> str:
    """What in the headers of an answer 101 does not answer `key` (§4.1), or nothing."""
    if headers.get("upgrade", "").lower() != "websocket":
        return "the answer 101 upgrades to something else"
    if "upgrade" not in [one.strip().lower() for one in headers.get("connection", "").split(",")]:
        return "the answer 101 lacks Connection: Upgrade"
    if headers.get("sec-websocket-accept", "") != accept(key):
        return "the answer 101 does not know our key"
    if "sec-websocket-extensions" in headers or "sec-websocket-protocol" in headers:
        return "the answer 101 names an extension or a protocol that was not asked for"
    return ""


def accept(key: str) -> str:
    """What Sec-WebSocket-Accept says to this Sec-WebSocket-Key (§4.2.2)."""
    return _base64(hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest())


def closing(mask: bytes) -> bytes:
    """A masked close frame with the code for "done" (§5.2, §5.5.1)."""
    payload = struct.pack("!H", _NORMAL)
    hidden = bytes(one ^ other for one, other in zip(payload, mask, strict=False))
    return bytes((_FINAL | _CLOSE, _MASKED | len(payload))) + mask + hidden


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")
