"""A STAMP reflector that is right, or wrong exactly as a test says, and a device's leases."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from checks.kit import stamp
from checks.kit.leasing import Grant, Postponed, Server, Want
from checks.kit.model import Env, Reading, decode_params
from checks.kit.speed import Look
from checks.realtime import CHECK
from tests.checks.conftest import environment
from tests.checks.datagrams import Datagrams, Said

KEY, SESSION = bytes(range(32)), 4711
UNKNOWN = stamp.ErrorEstimate(scale=32)
SYNCHRONISED = stamp.ErrorEstimate(synchronised=True, scale=20, multiplier=1)


class Reflecting:
    """What a :class:`Peer` says. ``numbers`` is the next answer's number, ``seen`` counts packets; `changed` makes
    of the answer to packet ``seen`` what goes back; `ahead` is how far its clock is ahead (ns)."""

    def __init__(
        self,
        *,
        key: bytes = KEY,
        stateful: bool = True,
        error: stamp.ErrorEstimate = UNKNOWN,
        changed: Callable[[int, bytes], Said] = lambda _, answer: answer,
        ahead: Callable[[int], int] = lambda _: 0,
    ) -> None:
        self._key, self._stateful, self._error, self._changed, self._ahead = key, stateful, error, changed, ahead
        self.numbers = self.seen = 0

    def __call__(self, data: bytes) -> Said:
        now = time.time_ns() + self._ahead(self.seen)
        number = self.numbers if self._stateful else None
        answer = stamp.reflect(data, number=number, came=now, at=now, error=self._error, ttl=64, key=self._key)
        self.numbers += 1
        self.seen += 1
        return self._changed(self.seen, answer)


class Peer(Datagrams):
    """Where a :class:`Reflecting` listens. What it did not yet answer at the end it need not."""

    def _serve(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            super()._serve()


class Lent:
    """Leases that grant one server, or postpone; they remember what was asked and used."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", put_off: Postponed | None = None, **grant: Any) -> None:
        self.address, self.ca_file = "http://127.0.0.1:8420", ""
        granted: dict[str, Any] = {
            "id": "L7", "start_in": 0.0, "seconds": 60.0, "bytes": 1 << 30, "rate": 1e9, "streams": 1,
            "server": Server(name="city", host=host, port=port), "key": b64encode(KEY).decode(), "session": SESSION,
        }  # fmt: skip
        self.grant = Grant(**granted | grant)
        self._put_off = put_off
        self.wanted: list[Want] = []
        self.used: list[int] = []
        self.signed: list[bytes] = []

    def obtain(self, want: Want) -> Grant:
        self.wanted.append(want)
        if self._put_off:
            raise self._put_off
        return self.grant

    def proof(self, grant: Grant) -> str:
        return grant.token

    def release(self, grant: Grant, used: int) -> None:
        assert grant == self.grant
        self.used.append(used)

    def sign(self, evidence: bytes) -> str:
        self.signed.append(evidence)
        return "signature"


class Looking:
    """The child of a check that only looks at the interface."""

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        assert (function, answer) == ("checks.kit.crosstraffic:look", Look)
        assert (argument["host"], argument["port"]) == ("127.0.0.1", 8420)
        return Look(interface="eth0", speed=1e9, receive=1000.0, transmit=2000.0)


def device(
    leases: Lent | None, seconds: float = 40.0, shown: list[tuple[float, dict[str, float]]] | None = None
) -> Env:
    """An environment with these leases; what it is shown goes into `shown`."""
    env = environment(child=Looking(), seconds=seconds)
    return Env(
        clock=env.clock, net=env.net, host=env.host, child=env.child, deadline=env.deadline, now=env.now, leases=leases,
        progress=lambda share, numbers: None if shown is None else shown.append((share, dict(numbers))),
    )  # fmt: skip


class Stranger(threading.Thread):
    """Sends what `told` says, to whom it says, from an address of its own, again and again, until :meth:`stop`;
    ``sent`` counts."""

    def __init__(self, told: Callable[[], tuple[tuple[str, int], bytes] | None]) -> None:
        super().__init__(daemon=True)
        self._told, self._end = told, threading.Event()
        self.sent = 0
        self.start()

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while not self._end.wait(0.005):
                told = self._told()
                if told:
                    sock.sendto(told[1], told[0])
                    self.sent += 1

    def stop(self) -> None:
        self._end.set()
        self.join(5)


SHORT = {"calls": ("1500k",), "seconds": 0.4, "look": 0.0}


def measured(leases: Lent | None, seconds: float = 40.0, **params: Any) -> Reading:
    """A run of the check: a short call, no look at the interface."""
    reading: Reading = CHECK.run(decode_params(CHECK, {**SHORT, **params}), device(leases, seconds))
    return reading


def values(reading: Reading) -> dict[str, float]:
    """Samples by name, call and way: ``realtime_loss/1500k/up``."""
    return {"/".join((found.name, *found.labels.values())): found.value for found in reading.samples}
