"""One HTTP/1.1 request on a connection that is closed afterwards (RFC 9112), every size and the time bounded.

``http.client`` would cost the resident agent 2.5 MB.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator

from msgspec import Struct

from checks.kit.certificate import seconds
from checks.kit.failure import NetError, from_os
from checks.kit.model import Reason
from checks.kit.url import Url

AGENT = "sansang-agent"
MAX_HEAD = 64 * 1024
_MAX_INTERIM = 8
_STATUS = re.compile(rb"HTTP/(1\.[01]) ([1-9]\d\d)(?: [^\r\n]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) GMT")
_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?")


class Response(Struct, frozen=True):
    """An answer. ``headers`` have lower-case names, the last of equal ones; ``size`` counts body bytes.

    ``request`` is how long sending took, ``ttfb`` from there to the first byte, ``transfer`` to the last, all
    in seconds. ``found`` says whether the bytes looked for stand in the body.
    """

    version: str
    status: int
    headers: dict[str, str]
    size: int
    found: bool
    request: float
    ttfb: float
    transfer: float


def request(url: Url, method: str = "GET", fields: tuple[str, ...] = (), *, whole: bool = False) -> bytes:
    """The bytes of a request for `url` without a body; `whole` names the full address, as a proxy wants it.
    `fields` stand beside the usual ones."""
    lines = (
        f"{method} {url if whole else url.path} HTTP/1.1",
        f"Host: {url.authority}",
        f"User-Agent: {AGENT}",
        "Accept: */*",
        "Accept-Encoding: identity",
        *(fields if any(field.startswith("Connection:") for field in fields) else (*fields, "Connection: close")),
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _untold(_phase: str, _took: float) -> None:
    return


def exchange(
    sock: socket.socket,
    request: bytes,
    *,
    timeout: float,
    max_bytes: int,
    enough: int = 0,
    find: bytes = b"",
    switch: bool = False,
    told: Callable[[str, float], None] = _untold,
    wants: Callable[[dict[str, str], bytes], bool] | None = None,
) -> Response:
    """The answer to `request`, read to its end within `timeout` seconds.

    With `enough` a body ends once that many bytes of it were read, and `find` was found: the rest is left unread, and
    nothing more can be asked on `sock`.
    The answer to HEAD and to CONNECT, and with `switch` (an upgrade was asked for) any answer, ends with its head.
    `wants` is handed each piece of the body, with the answer's headers, and says whether it wants more of it; what came
    behind the head of an upgrade is handed to it too.
    `told` hears of each phase as it ends, ``request``, ``ttfb`` and ``transfer``, in seconds: also when a later one
    fails. Raises NetError: HTTP_TIMEOUT (nothing came), HTTP_SLOW (it began and did not end), HTTP_PROTOCOL,
    HTTP_TOO_LARGE (the head past 64 KB, the body past `max_bytes`), TCP_RESET, TLS_HANDSHAKE (a server that wants a
    client certificate says so here). `sock` stays open.
    """
    bare = switch or request.startswith((b"HEAD ", b"CONNECT "))
    stream = _Stream(sock, time.monotonic() + timeout)
    started = time.perf_counter()
    stream.send(request)
    sent = time.perf_counter()
    told("request", sent - started)
    stream.first_byte()
    first = time.perf_counter()
    told("ttfb", first - sent)
    version, status, headers = _head(stream, switch)
    if switch and wants:
        wants(headers, stream.behind())
    body = iter(()) if bare else _body(stream, status, headers, max_bytes)
    if wants and not bare:
        body = _wanted(body, wants, headers)
    size, found = _consume(body, max_bytes, enough, find)
    done = time.perf_counter()
    if not bare:
        told("transfer", done - first)
    return Response(version, status, headers, size, found, sent - started, first - sent, done - first)


def date(text: str) -> int:
    """``Sun, 06 Nov 1994 08:49:37 GMT`` (RFC 9110 §5.6.7) as epoch seconds; 0 when it reads otherwise."""
    found = _DATE.fullmatch(text)
    return seconds(f"{found[2]} {found[1]} {found[4]} {found[3]} GMT") if found else 0


class _Stream:
    """Bytes from a socket until one deadline."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until, self._held, self._head = sock, until, bytearray(), 0
        self._begun = False

    def send(self, data: bytes) -> None:
        self._guarded(lambda: self._sock.sendall(data), "while sending the request")

    def first_byte(self) -> None:
        if not self._fill():
            raise NetError(Reason.HTTP_PROTOCOL, "the server closed the connection without an answer")

    def line(self) -> bytes:
        """The next line without its end. All lines of one answer together are at most MAX_HEAD."""
        while (end := self._held.find(b"\n")) < 0:
            if self._head + len(self._held) > MAX_HEAD:
                break
            if not self._fill():
                raise NetError(Reason.HTTP_PROTOCOL, "the server closed the connection inside the head")
        self._head += end + 1
        if end < 0 or self._head > MAX_HEAD:
            raise NetError(Reason.HTTP_TOO_LARGE, f"the head of the answer is past {MAX_HEAD} bytes")
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line.removesuffix(b"\r")

    def exactly(self, count: int) -> Iterator[bytes]:
        while count:
            if not self._held and not self._fill():
                raise NetError(Reason.HTTP_PROTOCOL, "the server closed the connection inside the body")
            part = bytes(self._held[:count])
            del self._held[: len(part)]
            count -= len(part)
            yield part

    def rest(self) -> Iterator[bytes]:
        while self._held or self._fill():
            part = bytes(self._held)
            self._held.clear()
            yield part

    def behind(self) -> bytes:
        """What was read already and not asked for."""
        return bytes(self._held)

    def _fill(self) -> bool:
        part = self._guarded(lambda: self._sock.recv(16384), "while reading the answer")
        self._held += part or b""
        self._begun = self._begun or bool(part)
        return bool(part)

    def _guarded(self, action: Callable[[], bytes | None], doing: str) -> bytes | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise self._late(doing)
        try:
            self._sock.settimeout(left)
            return action()
        except ssl.SSLError as why:
            raise NetError(Reason.TLS_HANDSHAKE, f"TLS failed {doing}") from why
        except TimeoutError:
            raise self._late(doing) from None
        except OSError as why:
            raise from_os(why, Reason.HTTP_TIMEOUT, doing) from why

    def _late(self, doing: str) -> NetError:
        if self._begun:
            return NetError(Reason.HTTP_SLOW, "the answer began and did not end in time")
        return NetError(Reason.HTTP_TIMEOUT, f"no answer in time {doing}")


def _head(stream: _Stream, switch: bool) -> tuple[str, int, dict[str, str]]:
    for _ in range(_MAX_INTERIM):
        found = _STATUS.fullmatch(stream.line())
        if not found:
            raise NetError(Reason.HTTP_PROTOCOL, "the answer is not HTTP/1.1")
        headers = _fields(stream)
        if found[2][:1] != b"1" or (switch and found[2] == b"101"):
            return found[1].decode("ascii"), int(found[2]), headers
    raise NetError(Reason.HTTP_PROTOCOL, "the server sends interim answers only")


def _fields(stream: _Stream) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := stream.line():
        found = _FIELD.fullmatch(line)
        if not found:
            raise NetError(Reason.HTTP_PROTOCOL, "a header of the answer is malformed")
        headers[found[1].decode("ascii").lower()] = found[2].decode("latin-1")
    return headers


def _body(stream: _Stream, status: int, headers: dict[str, str], max_bytes: int) -> Iterator[bytes]:
    if status in (204, 304):
        return iter(())
    if coding := headers.get("transfer-encoding", ""):
        if coding.lower() != "chunked":
            raise NetError(Reason.HTTP_PROTOCOL, "the body comes in a transfer coding that was not asked for")
        return _chunks(stream)
    length = headers.get("content-length")
    if length is None:
        return stream.rest()
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise NetError(Reason.HTTP_PROTOCOL, "the Content-Length is not a number")
    if int(length) > max_bytes:
        raise _too_large(max_bytes)
    return stream.exactly(int(length))


def _chunks(stream: _Stream) -> Iterator[bytes]:
    while True:
        found = _SIZE.fullmatch(stream.line())
        if not found:
            raise NetError(Reason.HTTP_PROTOCOL, "a chunk of the body is malformed")
        if not (size := int(found[1], 16)):
            break
        yield from stream.exactly(size)
        if stream.line():
            raise NetError(Reason.HTTP_PROTOCOL, "a chunk of the body is malformed")
    while stream.line():
        pass


def _wanted(
    body: Iterator[bytes], wants: Callable[[dict[str, str], bytes], bool], headers: dict[str, str]
) -> Iterator[bytes]:
    for part in body:
        yield part
        if not wants(headers, part):
            return


def _consume(body: Iterator[bytes], max_bytes: int, enough: int, find: bytes) -> tuple[int, bool]:
    """Counts the body and looks for `find` in it, holding no more than two pieces of it."""
    size, found, tail = 0, not find, b""
    for part in body:
        size += len(part)
        if not found:
            window = tail + part
            found = find in window
            tail = window[-(len(find) - 1) :] if len(find) > 1 else b""
        if found and 0 < enough <= size:
            break
        if size > max_bytes:
            raise _too_large(max_bytes)
    return size, found


def _too_large(max_bytes: int) -> NetError:
    return NetError(Reason.HTTP_TOO_LARGE, f"the body of the answer is past {max_bytes} bytes")
