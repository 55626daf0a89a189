"""The sending side of one STAMP session (RFC 8762 §4.1): packets out by a schedule, answers in, matched and timed.

    with Sender(address, port, key=…, session=…) as sender:  # a literal address; dscp and first number if wanted
        done = sender.run(steady(seconds=20, rate=50, size=1200), wait=1.0, watch=…)

:meth:`Sender.run` blocks until `wait` after the last departure; `watch` is called ten times a second and may stop it.
``done.exchanges`` has one entry a packet, in the order in which they were sent, with the four times: ``t1`` sent,
``t2`` came to the reflector, ``t3`` sent by it, ``t4`` back, all in nanoseconds. t1 and t4 are this device's clock (the
kernel's stamps where it gives them, see ``done.stamps``), t2 and t3 the reflector's. t2 to t4 are None for what never
came back. ``round_trip`` is measured on the monotonic clock and outlives a clock that is set. ``answer`` is the
reflector's own number: a stateful reflector counts what it sends, so a number that is missing was lost on the way back,
and the other losses on the way there. ``done.order`` is what came, duplicates too, as it came.

Only packets of this session are taken: from the reflector's address (the socket is connected), with the session's SSID,
its key where there is one, and a number that was sent, with the time that was sent in it. Everything else is counted in
``done.foreign``. A clock that was set meanwhile, here or there, is named in ``done.stepped``: t1 and t4 of such a
session cannot be compared with t2 and t3.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType

from checks.kit import stamp, stamp_socket
from checks.kit.stamp_exchange import Departure, Exchange, Session, steady
from checks.kit.stamp_run import Run, Watch

__all__ = ["Departure", "Exchange", "Sender", "Session", "Watch", "steady"]

MOST = 200_000
"""Packets of one session at most."""
UNKNOWN = stamp.ErrorEstimate(scale=32)
"""What a device says of a clock that nobody vouches for: a second, unsynchronised."""


class Sender:
    """A socket to one reflector. ``first`` is the first sequence number; ``dscp`` goes into every packet."""

    def __init__(
        self,
        address: str,
        port: int,
        *,
        key: bytes = b"",
        session: int = 0,
        error: stamp.ErrorEstimate = UNKNOWN,
        dscp: int = 0,
        first: int = 0,
    ) -> None:
        """Raises NetError: BAD_PARAMS for what is no address, TCP_UNREACHABLE without a route."""
        self._key, self._session, self._error, self._next = key, session, error, first % stamp.WRAP
        self._sock = stamp_socket.connected(address, port, dscp)
        self._filling = os.urandom(2048)

    def __enter__(self) -> Sender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sock.close()

    @property
    def local(self) -> tuple[str, int]:
        """This device's address and port."""
        address, port = self._sock.getsockname()[:2]
        return str(address), int(port)

    def run(self, schedule: Sequence[Departure], *, wait: float = 1.0, watch: Watch = lambda _: True) -> Session:
        """Sends what is due and takes what comes until `wait` seconds after the last packet; ends early when every
        packet has its answer. Raises ValueError for a schedule that no packets can follow."""
        _fit(schedule, stamp.AUTHENTICATED if self._key else stamp.BASE)
        run = Run(self._sock, self, watch)
        run.go(schedule, wait)
        self._next = (self._next + len(run.session.exchanges)) % stamp.WRAP
        return run.session

    def packet(self, offset: int, size: int, at: int) -> tuple[int, bytes]:
        """The number and the octets of the packet `offset` after the next."""
        number = (self._next + offset) % stamp.WRAP
        sent = stamp.Sent(number=number, at=at, error=self._error, session=self._session)
        return number, stamp.build(sent, size=size, key=self._key, filling=self._filling)

    def read(self, data: bytes) -> stamp.Reflected:
        """An answer of this session. Raises Malformed, with the code ``session`` for another's."""
        answer = stamp.parse_reflected(data, key=self._key)
        if answer.session not in (self._session, 0):  # a reflector that knows no SSID sends zeros
            raise stamp.Malformed("session", "an answer of another session")
        return answer


def _fit(schedule: Sequence[Departure], base: int) -> None:
    if len(schedule) > MOST:
        raise ValueError(f"{len(schedule)} packets; a session has at most {MOST}")
    for one in schedule:
        if one.size != base and not base + 4 <= one.size <= stamp_socket.LARGEST - 28:
            raise ValueError(f"no packet of this session has {one.size} octets")
