"""A line whose speed is known: a cable between two namespaces, and the kernel's token bucket (tc-tbf) at each end.

A rate is that of Ethernet frames as the kernel counts them (1,514 bytes with 1,448 of TCP payload), so that the most
payload that passes is ``rate × 1448 / 1514``. There is no netem here: a line has no delay of its own, only its queue.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tests.lab.namespaces import Namespace, join, namespace

PAYLOAD = 1448 / 1514
"""TCP payload (IPv4, time stamps) of a full frame."""
NEAR, FAR = "192.0.2.10", "198.51.100.10"
CABLE = "line"
BURST, LEAST_BURST = 0.004, 16_000
"""Seconds of the rate that a bucket holds, and bytes at least: what a late timer must not cost the line."""
QUEUE, LEAST_QUEUE = 0.05, 32_000
"""Seconds of the rate that wait before a bucket, and bytes at least: as long as a modem's with queue management."""


def shape(space: Namespace, interface: str, rate: float, *, burst: float = 0.0, boost: float = 0.0) -> None:
    """Lets `rate` bit/s leave by `interface`; the first `burst` bytes after a rest (0: as few as do no harm) leave at
    `boost` times that, or as fast as they come."""
    held = max(LEAST_BURST, rate / 8 * BURST, burst)
    queue = max(LEAST_QUEUE, rate / 8 * QUEUE)
    limits = ["rate", f"{rate:.0f}bit", "burst", f"{held:.0f}b", "limit", f"{held + queue:.0f}b"]
    if boost:
        limits += ["peakrate", f"{rate * boost:.0f}bit", "mtu", f"{LEAST_BURST}b"]
    space.run("tc", "qdisc", "replace", "dev", interface, "root", "tbf", *limits)


def truth(rate: float) -> float:
    """The most TCP payload (bit/s) that passes a shaper of `rate`."""
    return rate * PAYLOAD


class Line(Struct, frozen=True):
    """``near`` — ``far``: a PC of an office and a server, at NEAR and FAR."""

    near: Namespace
    far: Namespace

    def set(self, rate: float, *, burst: float = 0.0, boost: float = 0.0) -> None:
        """Both ways; see :func:`shape`."""
        for space in (self.near, self.far):
            space.run("tc", "qdisc", "del", "dev", CABLE, "root", check=False)  # a bucket is full again
            shape(space, CABLE, rate, burst=burst, boost=boost)


@contextlib.contextmanager
def line() -> Iterator[Line]:
    """A :class:`Line`, gone at the end."""
    with contextlib.ExitStack() as made:
        near, far = (made.enter_context(namespace(role)) for role in ("near", "far"))
        join(near, CABLE, far, CABLE)
        for one, own, other in ((near, NEAR, FAR), (far, FAR, NEAR)):
            one.ip("addr", "add", f"{own}/32", "peer", f"{other}/32", "dev", CABLE)
        near.sysctl("net.ipv4.tcp_congestion_control", "reno")
        near.awaits(FAR)
        yield Line(near, far)


def plain(one: Namespace, interface: str) -> None:
    """Makes what leaves by `interface` packets of their final size, so that its counters tell what is on the wire."""
    one.ip("link", "set", interface, "gso_max_segs", "1")


class Watch:
    """Counts what passes an interface, every `every` seconds for as long as it is entered; ``seen`` are (seconds,
    bit/s out, bit/s in) of each interval, by the interface's own counters."""

    def __init__(self, where: Namespace, interface: str, every: float = 0.1) -> None:
        self.seen: list[tuple[float, float, float]] = []
        self._where, self._interface, self._every = where, interface, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: where.call(self._watch))

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        at, counted = self._look()
        while not self._over.wait(self._every):
            now, counts = self._look()
            passed = now - at
            out, inward = ((after - before) * 8 / passed for before, after in zip(counted, counts, strict=True))
            self.seen.append((passed, out, inward))
            at, counted = now, counts

    def _look(self) -> tuple[float, tuple[int, int]]:
        before = time.monotonic()
        text = Path("/proc/thread-self/net/dev").read_text("ascii")
        return (before + time.monotonic()) / 2, counters(text, self._interface)


def counters(text: str, interface: str) -> tuple[int, int]:
    """Bytes sent and received by `interface`, of the text of ``/proc/net/dev``. Raises LookupError without it."""
    for row in text.splitlines():
        name, colon, numbers = row.partition(":")
        if colon and name.strip() == interface:
            found = numbers.split()
            return int(found[8]), int(found[0])
    raise LookupError(f"no interface {interface}")
