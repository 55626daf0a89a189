"""One test at a time on a shaped line: our client against our server, and iperf3, by turns."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from benchmarks.accuracy_lab import ROOT, end, exchange
from benchmarks.shaper import FAR, Line, line
from checks.kit import child
from checks.kit.speed import Plan, Report, Way
from tests.lab.namespaces import Namespace

PORT, PEER_PORT, STREAMS = 8420, 5201, 8
WAYS = ("download", "upload")
HEADROOM = 1.25
"""What a lease allows over the line's contract (:mod:`collector.leases.policy`)."""


class Run(Struct, frozen=True):
    """One direction of one test: bit/s of payload, bytes, seconds of CPU of client and server, and what stopped it."""

    rate: float
    used: float
    client: float
    server: float
    stopped: str = ""
    streams: int = 1
    error: float = 0.0

    def per_gigabit(self, seconds: float) -> float:
        return seconds / (self.used * 8 / 1e9)


class Bench(Struct, frozen=True):
    """A line with our server and iperf3's at its far end; with `root`, a PEM file, ours speaks TLS."""

    line: Line
    server: subprocess.Popen[bytes]
    root: str = ""

    def set(self, rate: float, *, burst: float = 0.0, boost: float = 0.0) -> None:
        """A line of `rate` each way, and a lease as for one so contracted; see :func:`benchmarks.shaper.shape`."""
        self.line.set(rate, burst=burst, boost=boost)
        exchange(self.server, {"rate": rate * (boost or 1.0) * HEADROOM}, object)

    def ours(self, direction: str, rate: float, **plan: Any) -> Run:
        """Our client in a process of its own, as the check runs it. Raises SystemExit for a test without a speed."""
        scheme = "https" if self.root else "http"
        told = Plan(
            url=f"{scheme}://{FAR}:{PORT}", ca_file=self.root, token="lease", ways=(direction,), rate=rate * HEADROOM,
            streams=STREAMS, interface="line", **plan,
        )  # fmt: skip
        before = self._cpu()
        found: Report = self.line.near.call(
            lambda: child.call("checks.kit.ndt7_client:measure", told, answer=Report, timeout=60, memory=1 << 30)
        )
        way = found.ways[0]
        return run(way, self._cpu() - before)

    def iperf3(self, direction: str, seconds: float) -> Run:
        """One stream, its first second left out, counted by the receiver."""
        server = self.line.far.start(
            "iperf3", "-s", "-1", "-p", str(PEER_PORT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            answers_peer(self.line.far)
            ways = ("-R",) if direction == "download" else ()
            asked = ("-c", FAR, "-p", str(PEER_PORT), "-t", f"{seconds:g}", "-O", "1", "-J", *ways)
            return peer(json.loads(self.line.near.run("iperf3", *asked).stdout))
        finally:
            end(server)

    def _cpu(self) -> float:
        return exchange(self.server, {"cpu": True}, float)


def answers_peer(space: Namespace) -> None:
    """Waits until iperf3 listens; a connection would be its one test."""
    for _ in range(200):
        if f":{PEER_PORT} " in space.run("ss", "-Hltn").stdout:
            return
    raise SystemExit("iperf3 does not listen")


def run(way: Way, server: float) -> Run:
    """What `way` says of a test for which the server used so many seconds of CPU. Raises SystemExit when it failed."""
    if way.rate is None:
        raise SystemExit(f"no speed: {way.reason}: {way.detail}")
    spent = way.core * way.seconds
    return Run(way.rate, way.used, spent, server, way.stopped, way.streams, way.error or 0.0)


def peer(told: dict[str, Any]) -> Run:
    """The end of a report of iperf3. Raises SystemExit when it failed."""
    if "error" in told:
        raise SystemExit(f"iperf3: {told['error']}")
    received, cpu = told["end"]["sum_received"], told["end"]["cpu_utilization_percent"]
    seconds = received["seconds"]
    return Run(
        received["bits_per_second"], received["bytes"], cpu["host_total"] / 100 * seconds,
        cpu["remote_total"] / 100 * seconds,
    )  # fmt: skip


@contextlib.contextmanager
def bench(pem: str = "", root: str = "") -> Iterator[Bench]:
    """A :class:`Bench`, gone at the end; with the server's certificate in `pem` and its authority in `root`."""
    with line() as here:
        server, _ = serving(here.far, FAR, b"\n", pem)
        try:
            yield Bench(here, server, root)
        finally:
            end(server)


def serving(where: Namespace, address: str, first: bytes, pem: str = "") -> tuple[subprocess.Popen[bytes], bytes]:
    """Our server, which serves by then, and what it answered to `first`, a line."""
    command = (sys.executable, "-m", "benchmarks.bandwidth_server", address, str(PORT), pem)
    process: subprocess.Popen[bytes] = where.start(
        *(word for word in command if word), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(first)
    process.stdin.flush()
    return process, process.stdout.readline()
