"""What is remembered of those who are answered: their numbers, and the record of each lease."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from msgspec import Struct, field, to_builtins

from collector.leases.gate import Pass
from collector.reflecting.limits import Bucket, Limits

QUIET = 3.0
"""Seconds without a packet after which the leases are told what was seen of a test."""
BURST_SECONDS, BURST_OCTETS = 0.25, 16_384
Source = tuple[str, int]


class Record(Struct, kw_only=True):
    """What the reflector saw of one lease's test: the evidence beside the device's own. Packets that came, octets of
    UDP payload that came and went, when the first and the last came (µs), from where, with which TTL. ``highest`` is
    the sender's last number."""

    packets: int = 0
    reflected: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    highest: int = 0
    ttl_least: int = 255
    ttl_most: int = 0

    def plain(self) -> dict[str, Any]:
        """As a record that the store keeps."""
        built: dict[str, Any] = to_builtins(self)
        return built


class Leased:
    """A lease's test: from whom it comes now, its rate, its record. ``latest`` is the newest of the times that came
    in its packets, as they stood there: an older packet from another address has been recorded and sent again."""

    def __init__(self, opened: Pass, now: float) -> None:
        octets = opened.rate / 8
        self.lease, self.ends_at, self.seen = opened.lease, opened.ends_at, now
        self.bucket = Bucket(octets, max(octets * BURST_SECONDS, BURST_OCTETS), now)
        self.record = Record()
        self.source: Source = ("", 0)
        self.latest = self.number = 0
        self._told = 0

    def replayed(self, source: Source, stamped: int) -> bool:
        return source != self.source and stamped <= self.latest

    def follow(self, source: Source, stamped: int) -> None:
        """The test comes from `source` now. Another address or port is another session (RFC 8972 §3), numbered from 0:
        a router gave the device a new one, or the device began anew."""
        if source != self.source:
            self.source, self.number = source, 0
        self.latest = max(self.latest, stamped)

    def came(self, octets: int, at: int, ttl: int, number: int) -> None:
        record = self.record
        record.packets += 1
        record.bytes_received += octets
        record.first, record.last = record.first or at // 1000, at // 1000
        record.ttl_least, record.ttl_most = min(record.ttl_least, ttl), max(record.ttl_most, ttl)
        record.highest = number

    def news(self) -> bool:
        """Whether there is more in the record than when this was asked last."""
        told, self._told = self._told, self.record.packets
        return self._told != told

    def drop(self, reason: str) -> None:
        self.record.dropped[reason] = self.record.dropped.get(reason, 0) + 1


class Opened(Struct):
    """A session without a lease: the number of its next answer, and when it was seen last (s)."""

    number: int
    seen: float


class Sessions:
    """Leases' tests by SSID, which are as many as there are leases, and the last of the others."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._leased: dict[int, Leased] = {}
        self._open: OrderedDict[tuple[Source, int], Opened] = OrderedDict()
        self._over: OrderedDict[int, None] = OrderedDict()
        self._ended: list[Leased] = []

    def __len__(self) -> int:
        return len(self._leased) + len(self._open)

    def leased(self, ssid: int, opened: Pass, now: float) -> Leased:
        """The test of that lease, a new one when there is none."""
        found = self._leased.get(ssid)
        if found is None or found.lease != opened.lease:
            if found is not None:
                self._ended.append(found)
            found = self._leased[ssid] = Leased(opened, now)
        found.seen, found.ends_at = now, opened.ends_at
        return found

    def over(self, ssid: int) -> bool:
        """Whether a lease with that SSID has been here and is no more."""
        return ssid in self._leased or ssid in self._over

    def number(self, source: Source, ssid: int, now: float) -> int:
        """The number of the next answer to a session without a lease."""
        key = (source, ssid)
        found = self._open.get(key)
        if found is None or now - found.seen > self._limits.idle:
            found = self._open[key] = Opened(0, now)
            if len(self._open) > self._limits.sessions:
                self._open.popitem(last=False)
        self._open.move_to_end(key)
        number, found.number, found.seen = found.number, found.number + 1, now
        return number

    def sweep(self, now: float, wall: int) -> list[Leased]:
        """Forgets who is idle; the tests that are quiet or over, and of which there is something new. One that goes on
        comes again, with all that was seen of it. `wall` is in µs."""
        for ssid in [ssid for ssid, one in self._leased.items() if wall > one.ends_at]:
            self._ended.append(self._leased.pop(ssid))
            self._over[ssid] = None
        while len(self._over) > self._limits.sessions:
            self._over.popitem(last=False)
        while self._open and now - next(iter(self._open.values())).seen > self._limits.idle:
            self._open.popitem(last=False)
        quiet = [one for one in self._leased.values() if now - one.seen > QUIET]
        return [one for one in self._taken() + quiet if one.news()]

    def close(self) -> list[Leased]:
        """Ends every lease's test; those of which there is something new."""
        self._ended += self._leased.values()
        self._leased.clear()
        return [one for one in self._taken() if one.news()]

    def _taken(self) -> list[Leased]:
        ended, self._ended = self._ended, []
        return ended
