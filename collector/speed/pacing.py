"""How fast a lease, or all clients without one together, may send or receive.

A rate is what passes on the wire. A full segment of 1,448 bytes of payload takes 1,514 of an Ethernet frame, as tc and
interface counters count it (IPv4, TCP time stamps).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from checks.kit.ndt7 import MAX_MESSAGE, MIN_MESSAGE, Test
from collector.leases.gate import Pass

PAYLOAD = 1448 / 1514
BURST = 0.02
"""Seconds for which a bucket may run ahead."""
PIECE = 0.01
"""Seconds that one piece of a message takes at the rate."""
OPEN = ""
"""The lease of clients that need none."""


class Bucket:
    """A token bucket. What is taken may exceed what is there; whoever took it waits."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._at, self._level = now, now(), 0.0
        self.rate = rate

    @property
    def rate(self) -> float:
        """bit/s on the wire."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = rate
        self._bytes = rate * PAYLOAD / 8

    @property
    def piece(self) -> int:
        """Bytes of payload to write at a time."""
        return int(min(MAX_MESSAGE * 2, max(MIN_MESSAGE, self._bytes * PIECE)))

    def take(self, count: int) -> float:
        """Takes `count` bytes of payload; how many seconds to wait before anything more is sent or read."""
        now = self._now()
        self._level = min(self._level + (now - self._at) * self._bytes, self._bytes * BURST) - count
        self._at = now
        return max(0.0, -self._level / self._bytes)

    async def taken(self, count: int) -> None:
        """Waits until `count` more bytes may pass."""
        await asyncio.sleep(self.take(count))


class Group:
    """The connections of one lease in one direction: they share its rate and its bytes."""

    def __init__(self, lease: str, test: Test, rate: float) -> None:
        self.lease, self.test, self.bucket = lease, test, Bucket(rate)
        self.left, self.members = 0, 0
        self.rates: dict[int, float] = {}
        """What each connection makes now (bit/s), by its number."""


class Groups:
    """Every group there is. Clients without a lease share what leases leave of `total` bit/s each way, and at least a
    `floor` of it."""

    def __init__(self, total: float, floor: float) -> None:
        self._total, self._floor = total, floor
        self._groups: dict[tuple[str, Test], Group] = {}

    def join(self, granted: Pass, test: Test) -> Group:
        """The group that a connection belongs to, until it leaves."""
        key = (granted.lease, test)
        group = self._groups.get(key)
        if group is None:
            rate = min(granted.rate, self._total) if granted.rate > 0 else self._total
            group = self._groups[key] = Group(granted.lease, test, rate)
        group.left = min(group.left, granted.left) if group.members else granted.left
        group.members += 1
        self._share(test)
        return group

    def leave(self, group: Group, number: int = 0) -> None:
        group.rates.pop(number, None)
        group.members -= 1
        if not group.members:
            self._groups.pop((group.lease, group.test), None)
            self._share(group.test)

    def _share(self, test: Test) -> None:
        common = self._groups.get((OPEN, test))
        if common is not None:
            granted = sum(group.bucket.rate for (lease, way), group in self._groups.items() if lease and way == test)
            common.bucket.rate = max(self._floor, self._total - granted)
