"""The process of :mod:`tests.lab.udp_proxy`: carries datagrams between one client and one server, holds each as long as
it was told, and remembers how long that truly was. Only the standard library, so that it starts in 30 ms.

On its standard input, a socket, come JSON objects, each after its length in four bytes: ``{"faults": [there, back]}``
sets what happens from now on, ``{"take": true}`` asks for the log and clears it. Answers go back the same way.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

RECORD = struct.Struct("<qqHBBI")
"""Arrival (CLOCK_MONOTONIC, ns), hold (ns, or LOST or FULL), size, direction, copies sent, first four octets."""
LOST, FULL = -1, -2
RCVBUFFORCE = 33
"""SO_RCVBUFFORCE: what the kernel drops the log would not know of, and root may have more than others."""
SPIN = 150_000  # ns before a deadline in which to look instead of to sleep: waking up takes 50 to 100 µs here


class Direction:
    """What happens to datagrams one way; ``out`` sends one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.shape({})

    def shape(self, told: dict[str, float | str | bool | list[float]]) -> None:
        self.told = told
        self.random = random.Random(int(self._number("seed")))
        self.bad = False
        self.seen, self.free, self.last = 0, 0.0, 0.0

    def _number(self, name: str) -> float:
        value = self.told.get(name) or 0.0
        return float(value) if isinstance(value, int | float | str) else 0.0

    def _lost(self) -> bool:
        """Every n-th, by chance, or by the two states of Gilbert and Elliott, moved before each datagram."""
        every, chance = int(self._number("lose_every")), self._number("loss")
        lost = bool(every and self.seen % every == 0) or bool(chance and self.random.random() < chance)
        if into := self._number("burst_begin"):
            self.bad = self.random.random() < (1 - self._number("burst_end") if self.bad else into)
            lost = lost or (self.bad and self.random.random() < (self._number("burst_loss") or 1.0))
        return lost

    def _spread(self) -> float:
        """Seconds around the delay; of each kind the standard deviation is ``jitter``."""
        jitter, kind = self._number("jitter"), self.told.get("distribution", "normal")
        if not jitter:
            return 0.0
        if kind == "uniform":
            return self.random.uniform(-jitter, jitter) * 3**0.5
        if kind == "exponential":
            return self.random.expovariate(1 / jitter)
        if kind == "pareto":  # with shape 3 its deviation is 3**0.5 / 2
            return (self.random.paretovariate(3.0) - 1) * jitter / (3**0.5 / 2)
        return self.random.gauss(0.0, jitter)

    def due(self, now: int, size: int) -> int:
        """When a datagram that came at `now` goes on; LOST or FULL when it does not."""
        self.seen += 1
        if self._lost():
            return LOST
        begins, rate = float(now), self._number("rate")
        if rate:
            if (self.free - now) * rate / 1e9 > self._number("queue"):
                return FULL
            begins = self.free = max(now, self.free) + size * 1e9 / rate
        due = begins + max(0.0, self._number("delay") + self._spread()) * 1e9
        if self.told.get("ordered"):
            due = self.last = max(due, self.last)
        every = int(self._number("late_every"))
        return int(due + (self._number("late") * 1e9 if every and self.seen % every == 0 else 0))

    def copies(self) -> int:
        every, chance = int(self._number("double_every")), self._number("duplicate")
        twice = bool(every and self.seen % every == 0) or bool(chance and self.random.random() < chance)
        return 2 if twice else 1


class Relay:
    """The two sockets, what is under way, and the log."""

    def __init__(self, front: socket.socket, server: tuple[str, int], control: socket.socket) -> None:
        self._front, self._control, self._server = front, control, server
        self._back = socket.socket(front.family, socket.SOCK_DGRAM)
        for sock in (front, self._back):
            sock.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF, RCVBUFFORCE):
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
        self._client: tuple[str, int] | None = None
        self._directions = (Direction(0), Direction(1))
        self._waiting: list[tuple[int, int, int, bytes, Direction, int]] = []
        self._log = bytearray()
        self._count = 0

    def run(self) -> None:
        """Until the other end of the control socket closes."""
        while True:
            self._release()
            readable, _, _ = select.select((self._front, self._back, self._control), (), (), self._pause())
            for sock, direction in ((self._front, self._directions[0]), (self._back, self._directions[1])):
                if sock in readable:
                    self._take(sock, direction)
            if self._control in readable and not self._obey():
                return

    def _pause(self) -> float | None:
        if not self._waiting:
            return None
        return max(0, self._waiting[0][0] - time.monotonic_ns() - SPIN) / 1e9

    def _take(self, sock: socket.socket, direction: Direction) -> None:
        for _ in range(64):
            try:
                data, peer = sock.recvfrom(65535)
            except OSError:
                return
            now = time.monotonic_ns()
            if direction.number == 0:
                self._client = peer
            due = direction.due(now, len(data))
            if due < 0:
                self._remember(now, due, data, direction, 0)
            else:
                self._count += 1
                heapq.heappush(self._waiting, (due, self._count, now, data, direction, direction.copies()))
            self._release()

    def _release(self) -> None:
        while self._waiting and self._waiting[0][0] <= (now := time.monotonic_ns()):
            _, _, arrived, data, direction, copies = heapq.heappop(self._waiting)
            for _ in range(copies):
                with contextlib.suppress(OSError):  # nobody is there to hear it
                    if direction.number == 0:
                        self._back.sendto(data, self._server)
                    elif self._client:
                        self._front.sendto(data, self._client)
            self._remember(arrived, now - arrived, data, direction, copies)

    def _remember(self, arrived: int, hold: int, data: bytes, direction: Direction, copies: int) -> None:
        head = int.from_bytes(data[:4], "big")
        self._log += RECORD.pack(arrived, hold, len(data), direction.number, copies, head)

    def _obey(self) -> bool:
        head = _exactly(self._control, 4)
        if not head:
            return False
        told = json.loads(_exactly(self._control, int.from_bytes(head, "big")))
        answer = b""
        if "faults" in told:
            for direction, shape in zip(self._directions, told["faults"], strict=True):
                direction.shape(shape)
        else:
            answer, self._log = bytes(self._log), bytearray()
        self._control.sendall(len(answer).to_bytes(4, "big") + answer)
        return True


def _exactly(control: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := control.recv(size - len(data))):
        data += part
    return data if len(data) == size else b""


def _be_punctual() -> None:
    """Ahead of every ordinary process, in memory, without pauses to collect garbage. Without the rights, as it is."""
    gc.disable()
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    ctypes.CDLL(None).mlockall(3)


if __name__ == "__main__":
    _be_punctual()
    Relay(socket.socket(fileno=int(sys.argv[1])), (sys.argv[2], int(sys.argv[3])), socket.socket(fileno=0)).run()
