"""The emulator's process: carries IP packets between two TUN devices, holds each as long as it was told, and remembers
how long that truly was. Run by :mod:`tests.lab.emulator`; only the standard library, so that it starts in 30 ms.

On its standard input, a socket, come JSON objects, each after its length in four bytes: ``{"shapes": [there, back]}``
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

RECORD = struct.Struct("<qqHBBB")
"""Arrival (CLOCK_MONOTONIC, ns), hold (ns, or LOST or FULL), size in bytes, direction, IP protocol, copies sent."""
LOST, FULL = -1, -2
SPIN = 150_000  # ns before a deadline in which to look instead of to sleep: waking up takes 50 to 100 µs here
BURST = 64


class Direction:
    """What happens to packets one way, and who is still on the way."""

    def __init__(self, number: int, out: int) -> None:
        self.number, self.out = number, out
        self.shape({})

    def shape(self, told: dict[str, float]) -> None:
        self.delay, self.jitter = told.get("delay", 0.0) * 1e9, told.get("jitter", 0.0) * 1e9
        self.loss, self.every = told.get("loss", 0.0), int(told.get("lose_every", 0))
        self.duplicate, self.reorder = told.get("duplicate", 0.0), told.get("reorder", 0.0)
        self.rate, self.queue = told.get("rate", 0.0), told.get("queue", 0.0)
        self.random = random.Random(told.get("seed", 0))
        self.seen, self.free = 0, 0.0

    def due(self, now: int, size: int) -> int:
        """When a packet that came at `now` goes on; LOST or FULL when it does not."""
        self.seen += 1
        if (self.every and self.seen % self.every == 0) or (self.loss and self.random.random() < self.loss):
            return LOST
        begins = float(now)
        if self.rate:
            if (self.free - now) * self.rate / 1e9 > self.queue:
                return FULL
            begins = self.free = max(now, self.free) + size * 1e9 / self.rate
        if self.reorder and self.random.random() < self.reorder:
            return int(begins)
        spread = self.random.gauss(0.0, self.jitter) if self.jitter else 0.0
        return int(begins + max(0.0, self.delay + spread))

    def copies(self) -> int:
        return 2 if self.duplicate and self.random.random() < self.duplicate else 1


class Forwarder:
    """Two devices, the packets under way, and the log."""

    def __init__(self, devices: tuple[int, int], control: socket.socket) -> None:
        self._devices, self._control = devices, control
        self._directions = (Direction(0, devices[1]), Direction(1, devices[0]))
        self._waiting: list[tuple[int, int, int, bytes, Direction]] = []
        self._log = bytearray()
        self._count = 0

    def run(self) -> None:
        """Until the other end of the control socket closes."""
        watched: list[int | socket.socket] = [*self._devices, self._control]
        while True:
            self._release()
            readable, _, _ = select.select(watched, (), (), self._pause())
            for index, device in enumerate(self._devices):
                if device in readable:
                    self._take(device, self._directions[index])
            if self._control in readable and not self._obey():
                return

    def _pause(self) -> float | None:
        if not self._waiting:
            return None
        left = self._waiting[0][0] - time.monotonic_ns() - SPIN
        return max(0, left) / 1e9

    def _take(self, device: int, direction: Direction) -> None:
        for _ in range(BURST):
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                return
            now = time.monotonic_ns()
            if _is_multicast(packet):
                continue  # what IPv6 says to itself on any link
            due = direction.due(now, len(packet))
            if due < 0:
                self._remember(now, due, packet, direction, 0)
            else:
                self._count += 1
                heapq.heappush(self._waiting, (due, self._count, now, packet, direction))
            self._release()

    def _release(self) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= (now := time.monotonic_ns()):
            _, _, arrived, packet, direction = heapq.heappop(waiting)
            copies = direction.copies()
            for _ in range(copies):
                with contextlib.suppress(OSError):  # the device is down: nobody is there to hear it
                    os.write(direction.out, packet)
            self._remember(arrived, now - arrived, packet, direction, copies)

    def _remember(self, arrived: int, hold: int, packet: bytes, direction: Direction, copies: int) -> None:
        protocol = packet[9] if packet[0] >> 4 == 4 else packet[6]
        self._log += RECORD.pack(arrived, hold, min(len(packet), 65535), direction.number, protocol, copies)

    def _obey(self) -> bool:
        head = _exactly(self._control, 4)
        if not head:
            return False
        told = json.loads(_exactly(self._control, int.from_bytes(head, "big")))
        answer = b""
        if "shapes" in told:
            for direction, shape in zip(self._directions, told["shapes"], strict=True):
                direction.shape(shape)
        else:
            answer, self._log = bytes(self._log), bytearray()
        self._control.sendall(len(answer).to_bytes(4, "big") + answer)
        return True


def _is_multicast(packet: bytes) -> bool:
    return packet[24] == 0xFF if packet[0] >> 4 == 6 else packet[16] >> 4 == 14


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
    Forwarder((int(sys.argv[1]), int(sys.argv[2])), socket.socket(fileno=0)).run()
