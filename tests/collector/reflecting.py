"""Leases as the tests of the reflector grant them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from checks.kit import stamp
from checks.kit.ndt7 import Test
from collector.leases.gate import Closed, Pass

KEY = b"a key of a lease that is 32 long"
SSID = 4711
AT = 1_700_000_000_000_000_000


class Leases:
    """One lease, for the session SSID: implements :class:`collector.leases.gate.Gate`."""

    def __init__(self, *, left: int = 10**9, rate: float = 1e9, ends_at: int = 1 << 62, key: bytes = KEY) -> None:
        self.passed: Pass | None = Pass(
            lease="L1", device="d1", unit="u1", rate=rate, left=left, ends_at=ends_at, key=key
        )
        self.left = left
        self.records: list[tuple[str, str, dict[str, Any]]] = []
        self.progress: dict[str, float] = {}

    async def open(self, token: str, test: Test, proof: str) -> Pass:
        raise Closed(403, "lease_forged", "there are no tokens here")

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:
        self.left -= used
        self.progress = dict(progress)
        return self.left > 0

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
        self.records.append((lease, test, dict(record)))

    def session(self, ssid: int) -> Pass | None:
        return self.passed if ssid == SSID else None


def packet(
    number: int = 0, *, size: int = 0, key: bytes = b"", session: int = SSID, at: int = AT, ptp: bool = False
) -> bytes:
    """A sender's packet; authenticated with a key."""
    sent = stamp.Sent(number=number, at=at, session=session, error=stamp.ErrorEstimate(ptp=ptp))
    return stamp.build(sent, size=size, key=key)


def now() -> int:
    return time.time_ns()
