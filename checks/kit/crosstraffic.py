"""What others move on this PC's interface: asked in a child, because psutil would cost the resident agent 5 MB."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from checks.kit.speed import Look

_FRAME = 1514 / 1448
"""Bytes of a full Ethernet frame over the TCP payload in it (with timestamps)."""


def look(argument: dict[str, Any]) -> Look:
    """In a child: the interface towards ``host`` and ``port``, watched for ``seconds``."""
    import psutil

    name = towards(argument["host"], int(argument["port"]))
    psutil.cpu_percent()
    before, started = counters(name), time.monotonic()
    time.sleep(argument["seconds"])
    after, passed = counters(name), time.monotonic() - started
    cpu = psutil.cpu_percent() / 100
    if before is None or after is None:
        return Look(cpu=cpu)
    receive, transmit = ((now - then) * 8 / passed for then, now in zip(before, after, strict=True))
    return Look(interface=name, speed=speed(name), receive=max(0.0, receive), transmit=max(0.0, transmit), cpu=cpu)


def towards(host: str, port: int) -> str:
    """The name of the interface that packets to `host` leave by; empty when it cannot be told. Nothing is sent."""
    import psutil

    with contextlib.suppress(OSError):
        for family, kind, number, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[:1]:
            with socket.socket(family, kind, number) as sock:
                sock.connect(address)
                own = sock.getsockname()[0].partition("%")[0]
            for name, held in psutil.net_if_addrs().items():
                if any(one.address.partition("%")[0] == own for one in held):
                    return name
    return ""


def counters(name: str) -> tuple[int, int] | None:
    """Bytes received and sent on the interface since it was made, as the system counts them."""
    import psutil

    found = psutil.net_io_counters(pernic=True).get(name) if name else None
    return (found.bytes_recv, found.bytes_sent) if found else None


def speed(name: str) -> float | None:
    """The interface's speed in bit/s, as the system tells it."""
    import psutil

    found = psutil.net_if_stats().get(name)
    return found.speed * 1e6 if found and found.speed > 0 else None


def others(moved: int, own: int, seconds: float) -> float:
    """What others moved in `seconds` (bit/s): `moved` bytes on the interface less our `own` payload in full frames.
    Where the interface counts fewer headers than that (offloading), too little rather than too much."""
    return max(0.0, moved - own * _FRAME) * 8 / seconds if seconds > 0 else 0.0
