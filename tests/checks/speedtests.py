"""What the tests of speed share: leases that are granted, a child in this process, whole tests in half a second."""

from __future__ import annotations

from typing import Any

import msgspec

from checks.kit import child
from checks.kit.leasing import Grant, Postponed, Server, Want
from checks.kit.speed import Probes, Report, Way

QUICK: dict[str, Any] = {"grid": 0.05, "pause": 0.01, "settle": 0.2, "patience": 2.0}


class Granted:
    """Leases that give `grant`, or postpone; what was asked, signed and given back is kept."""

    ca_file = ""

    def __init__(self, url: str = "", postponed: Postponed | None = None, **grant: Any) -> None:
        told: dict[str, Any] = {
            "id": "lease-1", "start_in": 0.0, "seconds": 30.0, "bytes": 10**9, "rate": 0.0, "streams": 4,
            "token": "a.token", "server": Server(name="city", url=url),
        }  # fmt: skip
        self.grant, self._postponed, self.address = Grant(**(told | grant)), postponed, url
        self.wants: list[Want] = []
        self.released: list[int] = []
        self.signed: list[bytes] = []

    def obtain(self, want: Want) -> Grant:
        self.wants.append(want)
        if self._postponed:
            raise self._postponed
        return self.grant

    def proof(self, grant: Grant) -> str:
        return f"proof of {grant.token}"

    def release(self, grant: Grant, used: int) -> None:
        assert grant == self.grant
        self.released.append(used)

    def sign(self, evidence: bytes) -> str:
        self.signed.append(evidence)
        return "c2lnbmF0dXJl"


class Here:
    """Runs what would run in a child in a thread of this process, tests of speed on a finer grid; or answers `report`
    to them. `then` is called when one is over."""

    def __init__(self, report: Report | Exception | None = None, then: Any = None) -> None:
        self._report, self._then = report, then
        self.plans: list[dict[str, Any]] = []

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **more: Any) -> Any:
        given = msgspec.to_builtins(argument)
        if function.endswith(":measure"):
            given |= QUICK
            self.plans.append(given)
            if isinstance(self._report, Exception):
                raise self._report
        told = (
            self._report
            if self._report and function.endswith(":measure")
            else child.within(function, given, answer=answer, timeout=timeout, hear=more.get("hear"))
        )
        if self._then and function.endswith(":measure"):
            self._then()
        return told


def way(direction: str, **more: Any) -> Way:
    """A direction that went well: 47.8 Mbit/s, 20 ms of round trip under load."""
    told: dict[str, Any] = {
        "rate": 47.8e6, "error": 0.004, "stopped": "stable", "seconds": 3.0, "used": 18_000_000, "streams": 1,
        "streams_why": "one_fills", "counted": "kernel", "retransmitted": 0.001, "cross": 12_000.0, "machine": 0.2,
        "core": 0.3, "queued": True,
        "probes": Probes(tcp=[0.020] * 4, tls=[0.040] * 4, http=[0.060] * 4, self=[0.100] * 4),
    }  # fmt: skip
    return Way(direction=direction, **(told | more))


def report(**more: Any) -> Report:
    """Both directions, the upload with `more`."""
    return Report(
        idle=Probes(tcp=[0.005] * 10, http=[0.006] * 10), ways=(way("download"), way("upload", **more)),
    )  # fmt: skip
