"""The load of a download: binary messages of random bytes."""

from __future__ import annotations

import os

from aiohttp.abc import AbstractStreamWriter

from checks.kit.ndt7 import EVERY, MAX_MESSAGE, MIN_MESSAGE, SCALING
from collector.speed.frames import BINARY, frame
from collector.speed.record import End
from collector.speed.session import Session


class Messages:
    """Whole frames by the size of their payload, each made once: a server does not mask, so all clients share them."""

    def __init__(self) -> None:
        self._frames: dict[int, bytes] = {}

    def of(self, size: int) -> bytes:
        found = self._frames.get(size)
        if found is None:
            found = self._frames[size] = frame(BINARY, os.urandom(size))
        return found


async def send(session: Session, writer: AbstractStreamWriter, messages: Messages) -> None:
    """Sends until the test has run its time or the lease is used up. Messages grow as the specification's appendix has
    it, but never past what half the time between two measurements carries. Raises ConnectionError."""
    size, left = MIN_MESSAGE, session.group
    while session.running and left.left >= size:
        await _message(session, writer, messages.of(size))
        session.passed(size)
        carried = session.bytes / session.elapsed * EVERY / 2
        if size < MAX_MESSAGE and size * SCALING <= session.bytes and size * 2 <= carried:
            size *= 2
    session.end(End.COMPLETED if left.left >= size else End.LEASE_OVER)


async def _message(session: Session, writer: AbstractStreamWriter, message: bytes) -> None:
    bucket, transport, rest = session.group.bucket, session.line.transport, memoryview(message)
    with session.message():
        while rest:
            if transport.is_closing():
                raise ConnectionResetError
            piece, rest = rest[: bucket.piece], rest[bucket.piece :]
            transport.write(piece)
            await bucket.taken(len(piece))
            await writer.drain()
