"""Where servers of speed tests ask whether a lease holds, and tell what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from checks.kit.ndt7 import Test


class Pass(Struct, frozen=True, kw_only=True):
    """What a connection, or a STAMP session, may use: ``left`` bytes are left of its lease, ``rate`` (bit/s) is the
    most at any time in one direction, ``ends_at`` is on the wall clock (µs). ``device`` is empty where an engineer gave
    the token away. ``key`` is the HMAC key of a STAMP session."""

    lease: str
    device: str
    unit: str
    rate: float
    left: int
    ends_at: int
    key: bytes = b""


class Closed(Exception):
    """A token that opens nothing. ``status`` is for HTTP; ``code`` is one of ``lease_missing``, ``lease_forged``,
    ``lease_early``, ``lease_expired``, ``lease_used``, ``lease_foreign`` (another device's), ``lease_spent``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Gate(Protocol):
    """Implemented by :class:`collector.leases.book.Book`."""

    async def open(self, token: str, test: Test, proof: str) -> Pass:
        """Takes one stream of the lease in that direction. Raises Closed."""
        ...

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:
        """`used` more bytes have passed; what is measured now, for whoever watches. False once the lease's bytes are
        used up or its time is over: the connection is to be closed. Cheap; written to the store about once a second."""
        ...

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
        """A stream has ended. `record` is what the server saw of it: the evidence beside the device's own."""
        ...

    def session(self, ssid: int) -> Pass | None:
        """The lease of a STAMP session that holds now."""
        ...
