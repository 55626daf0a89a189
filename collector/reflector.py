"""The STAMP reflector (RFC 8762): a UDP port that sends test packets back, to those who hold a lease for it.

It is never an amplifier: one answer a packet, of as many octets, and to one address no more than Limits say. Packets
come with the kernel's time of arrival, so that what else this process does adds nothing to what is measured on the way
there; on the way back nothing is added either, since the answer's own time is read right before it is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time

from checks.kit import stamp
from collector.config import Networks
from collector.leases.gate import Gate
from collector.log import one_line
from collector.reflecting import clock, sockets
from collector.reflecting.answers import Answers
from collector.reflecting.counts import Counts
from collector.reflecting.limits import Limits
from collector.reflecting.sessions import Leased

BATCH = 32
"""Packets that are answered before others have their turn."""
TICK = 1.0
TEST = "realtime"
"""What the leases call such a test (:meth:`collector.leases.gate.Gate.done`)."""
log = logging.getLogger("sansang.reflector")


class Reflector:
    """Listens from :meth:`start` to :meth:`stop`. `counts` is for the registry of metrics."""

    def __init__(
        self,
        gate: Gate | None,
        opened: Networks,
        *,
        limits: Limits | None = None,
        counts: Counts | None = None,
        stateful: bool = True,
    ) -> None:
        self.answers = Answers(gate, opened, limits=limits, counts=counts, stateful=stateful)
        self._gate = gate
        self._sockets: list[socket.socket] = []
        self._lost: dict[socket.socket, int] = {}
        self._ticking: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 where it does not."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else 0

    async def start(self, host: str, port: int) -> None:
        """Listens on `host` (a literal; ``::`` or nothing: everywhere, both families) and UDP `port` (0: a free one).
        Raises OSError."""
        self._sockets = sockets.bound(host, port)
        self.answers.error = clock.own()
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.add_reader(sock, self._readable, sock)
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Listens no more, and tells the leases what was seen of the tests under way."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock)
            sock.close()
        self._sockets, self._lost = [], {}
        if self._ticking:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
            self._ticking = None
        await self._tell(self.answers.sessions.close())

    def _readable(self, sock: socket.socket) -> None:
        answers = self.answers
        for _ in range(BATCH):
            try:
                packet = sockets.receive(sock)
            except OSError:  # nothing more, or an earlier answer's error
                return
            if packet.lost != self._lost.get(sock, 0):
                answers.refuse("overflow", (packet.lost - self._lost.get(sock, 0)) % stamp.WRAP)
                self._lost[sock] = packet.lost
            if not packet.whole:
                answers.refuse("malformed", 1, len(packet.data))
                continue
            reply = answers.answer(packet.data, packet.source[:2], packet.came, packet.ttl)
            if reply is not None:
                try:
                    sock.sendmsg([reply], packet.control, 0, packet.source)
                except OSError:
                    answers.unsent(len(reply))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.answers.error = clock.own()
            await self._tell(self.answers.sessions.sweep(time.monotonic(), time.time_ns() // 1000))

    async def _tell(self, ended: list[Leased]) -> None:
        for test in ended:
            if self._gate is None:
                continue
            try:
                await self._gate.done(test.lease, TEST, test.record.plain())
            except Exception as why:
                log.exception("a test's record was not kept", extra={"lease": test.lease, "why": one_line(why)})
