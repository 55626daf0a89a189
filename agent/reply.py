"""Reads one HTTP/1.1 reply from a connection, strictly: what two readers could understand differently is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

MAX_BODY = 1 << 20
MAX_HEAD = 16384
MAX_HEADERS = 100
MAX_INTERIM = 5
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00-\x08\x0a-\x1f\x7f]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class HttpError(Exception):
    """No usable reply. ``code`` is one of address, ca_file, dns, refused, network, timeout, tls, closed, protocol,
    too_large; ``stale`` says that nothing of a reply had arrived."""

    def __init__(self, code: str, message: str, *, stale: bool = False) -> None:
        super().__init__(message)
        self.code, self.stale = code, stale


class Response(Struct, kw_only=True):
    """A reply. Header names are lower case; a repeated header's values are joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


class Reader:
    """Reads a reply through `receive`, which returns the next bytes and ``b""`` at the end."""

    def __init__(self, receive: Callable[[], bytes], max_body: int = MAX_BODY) -> None:
        self._receive, self._max_body = receive, max_body
        self._buffer = bytearray()
        self.started = False

    def response(self, *, has_body: bool = True) -> Response:
        """The reply. Raises HttpError ``protocol``, ``too_large`` or ``closed``, and what `receive` raises."""
        for _ in range(MAX_INTERIM):
            minor, status, headers = self._head()
            if status >= 200:
                break
        else:
            raise HttpError("protocol", "only interim replies came")
        body, delimited = self._body(status, headers) if has_body else (b"", True)
        keep = delimited and not self._buffer and _keeps_alive(minor, headers)
        return Response(status=status, headers=headers, body=body, keep_alive=keep)

    def _head(self) -> tuple[int, int, dict[str, str]]:
        budget = MAX_HEAD
        line = self._line(budget)
        match = _STATUS.fullmatch(line)
        if match is None:
            raise HttpError("protocol", "the reply does not begin like HTTP/1.1")
        headers: dict[str, str] = {}
        for _ in range(MAX_HEADERS + 1):
            budget -= len(line) + 2
            line = self._line(budget)
            if not line:
                return int(match[1]), int(match[2]), headers
            _add(headers, line)
        raise HttpError("too_large", f"the reply has more than {MAX_HEADERS} headers")

    def _body(self, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None and length is not None:
            raise HttpError("protocol", "the reply has both Content-Length and Transfer-Encoding")
        if status in (204, 304):
            return b"", True
        if coding is not None:
            if coding.strip().lower() != "chunked":
                raise HttpError("protocol", "the reply's transfer coding is not chunked")
            return self._chunks(), True
        if length is not None:
            return self._take(self._allowed(_number(length, 10))), True
        return self._rest(), False

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = _number(self._line(256).partition(b";")[0].decode("latin-1").strip(), 16)
            if size == 0:
                self._trailers()
                return bytes(body)
            self._allowed(len(body) + size)
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise HttpError("protocol", "a chunk is longer than it says")

    def _trailers(self) -> None:
        for _ in range(MAX_HEADERS):
            if not self._line(MAX_HEAD):
                return
        raise HttpError("too_large", f"the reply has more than {MAX_HEADERS} trailers")

    def _allowed(self, size: int) -> int:
        if size > self._max_body:
            raise HttpError("too_large", f"the reply is larger than {self._max_body} bytes")
        return size

    def _rest(self) -> bytes:
        self._allowed(len(self._buffer))
        while self._more():
            self._allowed(len(self._buffer))
        body = bytes(self._buffer)
        self._buffer.clear()
        return body

    def _line(self, at_most: int) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > at_most:
                raise HttpError("too_large", f"the reply's head is larger than {MAX_HEAD} bytes")
            self._need_more()
        if end > at_most:
            raise HttpError("too_large", f"the reply's head is larger than {MAX_HEAD} bytes")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r") or b"\r" in line[:-1] or b"\0" in line:
            raise HttpError("protocol", "a line of the reply's head does not end with CR LF")
        return line[:-1]

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._need_more()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _need_more(self) -> None:
        if not self._more():
            raise HttpError("closed", "the connection was closed before the reply's end", stale=not self.started)

    def _more(self) -> bool:
        data = self._receive()
        self.started = self.started or bool(data)
        self._buffer += data
        return bool(data)


def _add(headers: dict[str, str], line: bytes) -> None:
    name, colon, value = line.partition(b":")
    if not colon or _NAME.fullmatch(name) is None:
        raise HttpError("protocol", "a header of the reply is malformed")
    key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
    if key in headers and key in ("content-length", "transfer-encoding"):
        raise HttpError("protocol", f"the reply has two {key} headers")
    headers[key] = f"{headers[key]}, {text}" if key in headers else text


def _number(text: str, base: int) -> int:
    digits = "0123456789" if base == 10 else "0123456789abcdefABCDEF"
    if not text or len(text) > 15 or any(character not in digits for character in text):
        raise HttpError("protocol", "a length in the reply is not a number")
    return int(text, base)


def _keeps_alive(minor: int, headers: dict[str, str]) -> bool:
    options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
    return "close" not in options and (minor == 1 or "keep-alive" in options)
