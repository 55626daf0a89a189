"""A proxy for UDP between a client and a server that loses, delays, doubles and reorders as told, and knows the truth.

Unlike :mod:`tests.lab.emulator` it needs neither root nor namespaces, and it knows each datagram by its first four
octets (the sequence number of STAMP). It is a process of its own, :mod:`tests.lab.udp_relay`.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from msgspec import Struct, to_builtins

from tests.lab import control
from tests.lab.udp_relay import FULL, RECORD


class Fault(Struct, frozen=True, kw_only=True):
    """What happens to datagrams one way. Seconds, bytes a second, shares of 1; the same `seed`, the same faults.

    ``loss`` is by chance, ``lose_every`` 10 the 10th, 20th … datagram. ``burst_begin`` and ``burst_end`` are the
    chances of Gilbert and Elliott's model to enter and to leave the bad state, in which ``burst_loss`` are lost.
    ``jitter`` is the standard deviation around ``delay`` (exponential and pareto: above it), cut at 0; ``ordered`` lets
    nobody overtake. ``late_every`` holds every n-th by ``late`` longer, ``double_every`` sends it twice; ``duplicate``
    does so by chance. What does not fit into ``queue`` bytes at ``rate`` is lost.
    """

    loss: float = 0.0
    lose_every: int = 0
    burst_begin: float = 0.0
    burst_end: float = 1.0
    burst_loss: float = 1.0
    delay: float = 0.0
    jitter: float = 0.0
    distribution: str = "normal"
    ordered: bool = False
    late_every: int = 0
    late: float = 0.0
    duplicate: float = 0.0
    double_every: int = 0
    rate: float = 0.0
    queue: float = 1e6
    seed: int = 0


class Fate(Struct, frozen=True):
    """What became of one datagram: ``number`` is its first four octets, ``arrived`` and ``hold`` are nanoseconds
    (CLOCK_MONOTONIC), ``hold`` None for a lost one. ``back`` is the direction, ``copies`` how often it was sent on."""

    number: int
    arrived: int
    hold: int | None
    size: int
    back: bool
    copies: int
    queue_full: bool


class Proxy:
    """Listens on ``port`` of `listen` from the start to the end of a ``with``; `server` is an address and a port."""

    def __init__(
        self, server: tuple[str, int], there: Fault | None = None, back: Fault | None = None, listen: str = "127.0.0.1"
    ) -> None:
        family = socket.AF_INET6 if ":" in listen else socket.AF_INET
        ours, theirs = socket.socketpair()
        program = Path(__file__).with_name("udp_relay.py")
        with socket.socket(family, socket.SOCK_DGRAM) as front, theirs:
            front.bind((listen, 0))
            self.port = int(front.getsockname()[1])
            command = [sys.executable, "-I", "-S", str(program), str(front.fileno()), server[0], str(server[1])]
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), pass_fds=[front.fileno()])
        self._control = ours
        self.set(there, back)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def set(self, there: Fault | None = None, back: Fault | None = None) -> None:
        """What happens to what comes from now on; None: nothing."""
        self._ask({"faults": [to_builtins(fault or Fault()) for fault in (there, back)]})

    def take(self) -> list[Fate]:
        """What became of every datagram since the last call, in the order in which that was decided: those that were
        delivered stand in the order in which they left."""
        found = RECORD.iter_unpack(self._ask({"take": True}))
        return [
            Fate(number, arrived, hold if hold >= 0 else None, size, bool(direction), copies, hold == FULL)
            for arrived, hold, size, direction, copies, number in found
        ]

    def _ask(self, what: dict[str, object]) -> bytes:
        return control.ask(self._control, what, "the proxy")
