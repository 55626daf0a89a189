"""One run of a STAMP sender: packets out when they are due, answers in, matched by number and time."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from checks.kit import stamp, stamp_socket
from checks.kit.stamp_exchange import DRIFT, STEP, Departure, Exchange, Session, stepped
from checks.kit.stamp_socket import Arrival, clocks

WATCH = 0.1
"""Seconds between two calls of who watches."""
REFUSALS = 3
"""So often may the reflector's host say that nobody is there, before a session without an answer is given up."""
_BATCH = 64
_PROMPT = 10_000_000  # ns after which a stamp of a departure belongs to another packet
Watch = Callable[[Session], bool]
"""Told what there is so far; False stops the session."""


class Packets(Protocol):
    """Makes the packets of a session, and reads its answers."""

    def packet(self, offset: int, size: int, at: int) -> tuple[int, bytes]: ...
    def read(self, data: bytes) -> stamp.Reflected: ...


class Run:
    """One run: what is under way, by sequence number."""

    def __init__(self, sock: socket.socket, packets: Packets, watch: Watch) -> None:
        self._sock, self._packets, self._watch = sock, packets, watch
        self.session = Session(exchanges=[], order=[], foreign={})
        self._pending: dict[int, tuple[Exchange, int]] = {}  # with the time that stands in the packet
        self._numbered: list[Exchange] = []  # in the order in which the kernel numbers departures
        self._answered = self._refusals = 0
        self._all_by_kernel = True
        self._start = clocks()
        self._looked = 0.0

    def go(self, schedule: Sequence[Departure], wait: float) -> None:
        start = self._start[0]
        for departure in schedule:
            due = start + round(departure.at * 1e9)
            if not self._listen(due):
                break
            self._send(departure.size, due)
        else:
            self._listen(time.monotonic_ns() + round(wait * 1e9), whole=True)
        self._end()

    def _listen(self, until: int, *, whole: bool = False) -> bool:
        """Takes what comes until then, or, for the `whole` session, until every packet has its answer. False when the
        session is to end."""
        while True:
            self._take()
            now = time.monotonic_ns()
            if (whole and self._answered == len(self.session.exchanges)) or now >= until:
                return True
            if self._refusals >= REFUSALS and not self._answered:
                return False
            if now / 1e9 - self._looked >= WATCH:
                self._looked = now / 1e9
                if not self._watch(self.session):
                    return False
            select.select([self._sock], [], [], min((until - now) / 1e9, WATCH))

    def _send(self, size: int, due: int) -> None:
        mono, wall = clocks()
        self._compare(mono, wall)
        number, data = self._packets.packet(len(self.session.exchanges), size, wall)
        exchange = Exchange(number, size, wall, mono, mono - due)
        self.session.exchanges.append(exchange)
        self._pending[number] = (exchange, wall)
        for _ in range(2):  # an error that an earlier packet met is told by the next call, which then did not happen
            try:
                self._sock.send(data)
            except ConnectionRefusedError:
                self._refusals += 1
            except OSError:
                break
            else:
                self._numbered.append(exchange)
                self.session.bytes_sent += size
                return
        self.session.unsent += 1

    def _take(self) -> None:
        for number, at in stamp_socket.departures(self._sock):
            exchange = self._numbered[number] if number < len(self._numbered) else None
            if exchange and exchange.t1 <= at <= exchange.t1 + _PROMPT:
                exchange.left += at - exchange.t1
                exchange.t1 = at
        try:
            for arrival in stamp_socket.arrivals(self._sock, _BATCH):
                self._one(arrival)
        except OSError:
            self._refusals += 1

    def _one(self, arrival: Arrival) -> None:
        session = self.session
        session.bytes_received += len(arrival.data)
        try:
            answer = self._packets.read(arrival.data)
        except stamp.Malformed as why:
            return self._throw(why.code if why.code in ("bad_hmac", "session") else "malformed")
        exchange, at = self._pending.get(answer.sender_number, (None, 0))
        if exchange is None or answer.sender_at != at:
            return self._throw("unasked")
        session.order.append(answer.sender_number)
        exchange.copies += 1
        if exchange.copies > 1:
            return None
        self._answered += 1
        self._all_by_kernel = self._all_by_kernel and arrival.kernel
        session.theirs = answer.error
        exchange.t2, exchange.t3 = answer.came, answer.at
        exchange.t4, exchange.back = arrival.at, arrival.back
        exchange.answer, exchange.ttl = answer.number, answer.ttl
        return None

    def _throw(self, why: str) -> None:
        self.session.foreign[why] = self.session.foreign.get(why, 0) + 1

    def _compare(self, mono: int, wall: int) -> None:
        """Whether this device's clock was set since the start."""
        elapsed = mono - self._start[0]
        if abs(wall - self._start[1] - elapsed) > STEP + DRIFT * elapsed:
            self.session.stepped = "here"

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._take()
        mono, wall = clocks()
        self._compare(mono, wall)
        session = self.session
        session.took = (mono - self._start[0]) / 1e9
        session.stamps = "kernel" if self._answered and self._all_by_kernel else "process"
        session.refused = bool(self._refusals) and not self._answered
        session.stepped = session.stepped or stepped(session)
