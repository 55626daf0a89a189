"""WebSocket frames (RFC 6455 §5) as a speed test needs them: what binary messages carry is counted, and never kept.

aiohttp's own reader assembles and unmasks each message before anybody sees it: 16 MiB a connection, and on a line of
10 Mbit/s seven seconds without a count. Here bytes count as they arrive, and the largest thing kept is one text.
"""

from __future__ import annotations

import enum
import struct
from typing import Protocol

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_HEADER = 14
"""Bytes of the longest header: two, eight of length, four of mask."""
_SHORT, _LONG = 126, 127
_MASK = 4
MAX_CONTROL = 125
TINY, SLACK = 256, 1000
"""A message is cut into frames of TINY bytes on average at least, the first SLACK frames apart."""


class Code(enum.IntEnum):
    """Why a connection is closed (RFC 6455 §7.4.1)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED = 1003
    NO_STATUS = 1005
    INVALID = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011


class Broken(Exception):
    """What a client may not send; the text says what it was. `big` where it is too long, `tiny` where it is in too
    many pieces."""

    def __init__(self, text: str, *, big: bool = False, tiny: bool = False) -> None:
        super().__init__(text)
        self.big, self.tiny = big, tiny


class Ear(Protocol):
    """Who hears what a Reader reads. Any of these may raise Broken."""

    def payload(self, count: int) -> None:
        """`count` more bytes of a binary message have arrived; 0 where one begins."""
        ...

    def text(self, message: bytes) -> None: ...

    def control(self, opcode: int, payload: bytes) -> None:
        """A ping, a pong or a close."""
        ...


class Reader:
    """Reads the frames of a client, in whatever pieces they arrive."""

    def __init__(self, ear: Ear, *, largest: int, largest_text: int) -> None:
        self._ear, self._most = ear, {BINARY: largest, TEXT: largest_text}
        self._head = bytearray()
        self._opcode, self._final, self._mask, self._left = 0, False, b"", 0
        self._message, self._size = 0, 0
        self._kept = bytearray()
        self._text = bytearray()
        self._frames, self._bytes = 0, 0

    def feed(self, data: bytes) -> None:
        """Raises Broken; nothing may be fed after that."""
        at, end = 0, len(data)
        while at < end:
            if not self._left:
                at = self._header(data, at)
                continue
            count = min(self._left, end - at)
            self._left -= count
            if self._opcode == BINARY:
                self._bytes += count
                self._ear.payload(count)
            else:
                self._kept += data[at : at + count]
            at += count
            if not self._left:
                self._ended()

    def _header(self, data: bytes, at: int) -> int:
        """Takes a header, or its beginning; where in `data` it ends."""
        before = len(self._head)
        self._head += data[at : at + _HEADER - before]
        need = _needed(self._head)
        if len(self._head) < need:
            return len(data)
        head = bytes(self._head[:need])
        self._head.clear()
        self._begun(head)
        return at + need - before

    def _begun(self, head: bytes) -> None:
        final, opcode, length = bool(head[0] & 0x80), head[0] & 0x0F, head[1] & 0x7F
        if head[0] & 0x70 or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Broken("a frame with an unknown opcode or extension")
        if not head[1] & 0x80:
            raise Broken("a frame without a mask")
        if opcode >= CLOSE and (not final or length > MAX_CONTROL):
            raise Broken("a control frame that is too long or in pieces")
        self._frames += 1
        if self._frames > SLACK + self._bytes // TINY:
            raise Broken("frames that carry next to nothing", tiny=True)
        if length >= _SHORT:
            length = int.from_bytes(head[2:-_MASK], "big")
        self._final, self._mask, self._left = final, head[-_MASK:], length
        self._opcode = opcode if opcode >= CLOSE else self._of_message(opcode, length)
        if not length:
            self._ended()

    def _of_message(self, opcode: int, length: int) -> int:
        """The opcode of the message that a data frame belongs to."""
        if (opcode == CONTINUATION) != bool(self._message):
            raise Broken("a message that begins inside another, or never began")
        self._message = self._message or opcode
        if opcode == BINARY:
            self._ear.payload(0)
        self._size += length
        if self._size > self._most[self._message]:
            raise Broken(f"a message of over {self._most[self._message]} bytes", big=True)
        return self._message

    def _ended(self) -> None:
        """A frame is whole."""
        if self._opcode != BINARY:
            plain = _unmasked(self._kept, self._mask)
            self._kept.clear()
            if self._opcode >= CLOSE:
                self._ear.control(self._opcode, plain)
                return
            self._text += plain
        if self._final:
            opcode, text = self._message, bytes(self._text)
            self._message, self._size = 0, 0
            self._text.clear()
            if opcode == TEXT:
                self._ear.text(text)


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message, or a control frame, as a server sends it: not masked."""
    first, size = 0x80 | opcode, len(payload)
    if size < _SHORT:
        return struct.pack("!BB", first, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, _SHORT, size) + payload
    return struct.pack("!BBQ", first, _LONG, size) + payload


def closing(code: int, reason: str) -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason.encode()[: MAX_CONTROL - 2])


def _needed(head: bytearray) -> int:
    """How long the header that begins so is."""
    if len(head) < 2:
        return 2
    length = head[1] & 0x7F
    return 2 + {_SHORT: 2, _LONG: 8}.get(length, 0) + (_MASK if head[1] & 0x80 else 0)


def _unmasked(data: bytearray, mask: bytes) -> bytes:
    size = len(data)
    key = (mask * (size // _MASK + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
