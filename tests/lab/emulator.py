"""A line with delay, jitter, loss, reordering, duplicates and a rate, between two namespaces; it knows the truth.

The kernel's own emulator (netem) is not in every kernel, and does not say what it did to each packet. This one is a
process of its own (:mod:`tests.lab.forwarder`) between two TUN devices: IPv4 and IPv6, both ways.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, to_builtins

from tests.lab import control
from tests.lab.forwarder import FULL, RECORD
from tests.lab.namespaces import Namespace, namespace

TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
QUEUE = 20_000
"""Packets the kernel keeps for the emulator: past them it would lose some that the log does not know of."""


class Shape(Struct, frozen=True, kw_only=True):
    """What happens to packets one way. Seconds, bytes a second, shares of 1.

    ``jitter`` is the standard deviation of a normal distribution around ``delay``, cut at 0. ``lose_every`` 10 loses
    the 10th, 20th, … packet; ``loss`` loses by chance, the same packets for the same ``seed``. ``reorder`` is the
    share that goes on without delay, past those that wait. What does not fit into ``queue`` bytes at ``rate`` is lost.
    """

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    lose_every: int = 0
    duplicate: float = 0.0
    reorder: float = 0.0
    rate: float = 0.0
    queue: float = 1e6
    seed: int = 0


class Packet(Struct, frozen=True):
    """What became of one packet. ``arrived`` and ``hold`` are nanoseconds (CLOCK_MONOTONIC); ``hold`` is None for a
    lost one. ``back`` is the direction; ``copies`` how often it was delivered."""

    arrived: int
    hold: int | None
    size: int
    back: bool
    protocol: int
    copies: int
    queue_full: bool


class Emulator:
    """A device called `name` in each of two namespaces, and the process between them. Without addresses."""

    def __init__(self, one: Namespace, other: Namespace, name: str = "line") -> None:
        devices = [_tun_in(space, name) for space in (one, other)]
        ours, theirs = socket.socketpair()
        program = Path(__file__).with_name("forwarder.py")
        command = [sys.executable, "-I", "-S", str(program), *map(str, devices)]
        try:
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), pass_fds=devices)
        finally:
            theirs.close()
            for device in devices:
                os.close(device)
        self._control = ours
        for space in (one, other):
            space.ip("link", "set", name, "addrgenmode", "none", "txqueuelen", str(QUEUE), "up")
        self.set()

    def set(self, there: Shape | None = None, back: Shape | None = None) -> None:
        """Shapes what comes from now on; what is under way is not changed. None is a straight wire."""
        self._ask({"shapes": [to_builtins(shape or Shape()) for shape in (there, back)]})

    def take(self) -> list[Packet]:
        """What became of every packet since the last call, in the order in which that was decided. Multicast is
        neither carried nor counted; packets under way are not yet in it."""
        found = RECORD.iter_unpack(self._ask({"take": True}))
        return [
            Packet(arrived, hold if hold >= 0 else None, size, bool(direction), protocol, copies, hold == FULL)
            for arrived, hold, size, direction, protocol, copies in found
        ]

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, what: dict[str, object]) -> bytes:
        return control.ask(self._control, what, "the emulator")


class Line(Struct, frozen=True):
    """Two namespaces at the ends of an emulated line: ``near`` has NEAR, ``far`` has FAR (IPv4, IPv6)."""

    near: Namespace
    far: Namespace
    emulator: Emulator


NEAR, FAR = ("192.0.2.10", "2001:db8:1::10"), ("192.0.2.20", "2001:db8:1::20")


@contextlib.contextmanager
def line(there: Shape | None = None, back: Shape | None = None) -> Iterator[Line]:
    """A :class:`Line`, gone at the end."""
    with namespace("near") as near, namespace("far") as far, contextlib.closing(Emulator(near, far)) as emulator:
        for space, addresses in ((near, NEAR), (far, FAR)):
            space.ip("addr", "add", f"{addresses[0]}/24", "dev", "line")
            space.ip("addr", "add", f"{addresses[1]}/64", "dev", "line")
        emulator.set(there, back)
        yield Line(near, far, emulator)


def holds(packets: list[Packet], *, back: bool = False, protocol: int | None = None) -> list[float]:
    """The true holds in seconds of what was delivered one way, in the order of arrival."""
    chosen = sorted(
        (packet.arrived, packet.hold)
        for packet in packets
        if packet.hold is not None and packet.back == back and protocol in (None, packet.protocol)
    )
    return [hold / 1e9 for _, hold in chosen]


def lost(packets: list[Packet], *, back: bool = False, protocol: int | None = None) -> tuple[int, int]:
    """(lost, all) of what was sent one way: the truth about loss."""
    chosen = [packet for packet in packets if packet.back == back and protocol in (None, packet.protocol)]
    return sum(packet.hold is None for packet in chosen), len(chosen)


def _tun_in(space: Namespace, name: str) -> int:
    return space.call(lambda: _tun(name))


def _tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
    return device
