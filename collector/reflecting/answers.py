"""Which packets are answered, and how. No input or output: a datagram goes in, its answer or nothing comes out."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

from checks.kit import stamp
from checks.kit.stamp import ErrorEstimate
from collector.config import Networks
from collector.leases.gate import Gate
from collector.reflecting import clock
from collector.reflecting.counts import Counts, Dropped
from collector.reflecting.limits import Bucket, Limits, Sources
from collector.reflecting.sessions import Leased, Sessions, Source

WATCHED = "realtime_packets"


class Unanswered(Exception):
    """A packet that gets no answer."""

    def __init__(self, reason: Dropped) -> None:
        super().__init__(reason)
        self.reason = reason


class Answers:
    """A Session-Reflector (RFC 8762 §4.3). ``gate`` knows the leases; None: nobody has one. Who is in `opened` needs
    none, and is answered in unauthenticated mode. Stateless, an answer carries the sender's number."""

    def __init__(
        self,
        gate: Gate | None,
        opened: Networks,
        *,
        limits: Limits | None = None,
        counts: Counts | None = None,
        stateful: bool = True,
        mono: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._gate, self._opened, self._stateful = gate, opened, stateful
        self._mono, self._wall = mono, wall
        self.limits = limits or Limits()
        self.counts = counts or Counts()
        self.sessions = Sessions(self.limits)
        self.error: ErrorEstimate = clock.UNKNOWN
        self._sources = Sources(self.limits)
        self._total = Bucket(self.limits.packets, self.limits.packets / 4, mono())
        self.counts.sessions = lambda: len(self.sessions)

    def answer(self, data: bytes, source: Source, came: int, ttl: int) -> bytes | None:
        """What goes back to `source`, of as many octets; None for nothing. `came` is in ns since 1970."""
        counts = self.counts
        counts.received += 1
        counts.octets_in += len(data)
        try:
            reply = self._answer(data, source, came, ttl)
        except Unanswered as why:
            counts.dropped[why.reason] += 1
            return None
        counts.reflected += 1
        counts.octets_out += len(reply)
        return reply

    def refuse(self, reason: Dropped, packets: int, octets: int = 0) -> None:
        """Counts packets that are not looked at."""
        self.counts.received += packets
        self.counts.octets_in += octets
        self.counts.dropped[reason] += packets

    def unsent(self, octets: int) -> None:
        """The answer that was given last, of so many octets, did not go."""
        self.counts.dropped["unsent"] += 1
        self.counts.reflected -= 1
        self.counts.octets_out -= octets

    def _answer(self, data: bytes, source: Source, came: int, ttl: int) -> bytes:
        if len(data) < stamp.SHORTEST:
            raise Unanswered("too_short")
        keyed, ssid = stamp.mode(data)
        if not data[25 if keyed else 13]:  # the multiplier of the Error Estimate (RFC 4656 §4.1.2)
            raise Unanswered("malformed")
        if stamp.is_answer(data, came):
            raise Unanswered("answer")
        if keyed:
            return self._leased(data, ssid, source, came, ttl)
        if ssid and self._gate and self._gate.session(ssid):
            raise Unanswered("bad_hmac")  # a lease's session, without what proves it
        if not self._is_open(source[0]):
            raise Unanswered("not_open")
        now = self._mono()
        self._limit(source, len(data), now)
        number = self.sessions.number(source, ssid, now) if self._stateful else None
        return self._reflect(data, number, came, ttl)

    def _leased(self, data: bytes, ssid: int, source: Source, came: int, ttl: int) -> bytes:
        opened = self._gate.session(ssid) if self._gate else None
        if opened is None:
            raise Unanswered("expired" if self.sessions.over(ssid) else "unknown_session")
        if came // 1000 > opened.ends_at:
            raise Unanswered("expired")
        if not opened.key or not stamp.is_from(data, opened.key):
            raise Unanswered("bad_hmac")
        now = self._mono()
        test = self.sessions.leased(ssid, opened, now)
        stamped = int.from_bytes(data[16:24], "big")
        if test.replayed(source, stamped):
            raise Unanswered("replayed")
        test.follow(source, stamped)
        test.came(len(data), came, ttl, int.from_bytes(data[:4], "big"))
        try:
            self._afford(test, source, len(data), now)
        except Unanswered as why:
            test.drop(why.reason)
            raise
        number = test.number if self._stateful else None
        test.number += 1
        test.record.reflected += 1
        test.record.bytes_sent += len(data)
        return self._reflect(data, number, came, ttl, opened.key)

    def _afford(self, test: Leased, source: Source, octets: int, now: float) -> None:
        """Whether the lease bears the packet and its answer. What came counts even when there is no answer."""
        gate = self._gate
        free = test.bucket.take(octets, now)
        used = octets * 2 if free else octets
        if gate and not gate.count(test.lease, used, {WATCHED: float(test.record.packets)}):
            raise Unanswered("spent")
        if not free:
            raise Unanswered("rate")
        self._limit(source, octets, now)

    def _limit(self, source: Source, octets: int, now: float) -> None:
        if not self._sources.take(source[0], octets, now):
            raise Unanswered("rate")
        if not self._total.take(1, now):
            raise Unanswered("overload")

    def _reflect(self, data: bytes, number: int | None, came: int, ttl: int, key: bytes = b"") -> bytes:
        at = max(self._wall(), came)
        return stamp.reflect(data, number=number, came=came, at=at, error=self.error, ttl=ttl & 0xFF, key=key)

    def _is_open(self, address: str) -> bool:
        found = ipaddress.ip_address(address.partition("%")[0])
        return any(found in network for network in self._opened)
