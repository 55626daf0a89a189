"""What limited a measured throughput, what disturbed it, and the evidence of it that a device signs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from checks.kit.ndt7 import VERSION
from checks.kit.speed import Report, Way

LINE, PC, LEASE, UNKNOWN = "line", "pc", "lease", "unknown"
SPECIFICATION = "0.11"
"""Of ndt7, as M-Lab numbers it."""
CORE, MACHINE = 0.9, 0.95
"""Part of one core that the test took, and of all processors that were busy, from which on the PC was the limit."""
WIRE, RADIO = 1.1, 2.0
"""An interface whose told speed is at most that many times the throughput was its limit: a wire carries 94 % of its
speed as TCP payload, a radio about half (contention, acknowledgements in the same air)."""
LEASED = 0.93
"""Part of the lease's rate from which on the lease was the limit: headers take 4.4 %."""
CROSS_RATE, CROSS_SHARE = 250e3, 0.1
"""Traffic of others that disturbs a test: SamKnows defers above 250 kbit/s; and a tenth of what was measured."""
MOST_EVIDENCE = 1000
"""Characters of the evidence: a fact holds 1,024."""


def limited_by(way: Way, rate: float, speed: float | None, *, wifi: bool) -> str:
    """``pc``, ``lease``, ``line`` or ``unknown`` for `way`, whose lease allowed `rate` (0: any) on an interface of
    `speed` (both bit/s). The line it is when the estimate settled, no matter how many connections carried it."""
    if way.rate is None:
        return UNKNOWN
    if way.core >= CORE or way.machine >= MACHINE or (speed and speed <= (RADIO if wifi else WIRE) * way.rate):
        return PC
    if rate and way.rate >= LEASED * rate:
        return LEASE
    settled = way.error is not None and way.error <= 0.05
    filled = way.queued or way.streams_why == "one_fills" or way.streams > 1 or bool(way.retransmitted)
    return LINE if settled and filled else UNKNOWN


def overall(found: Iterable[str]) -> str:
    """The one word for both directions: what says most against taking the figures for the line's."""
    words = list(found)
    return next((word for word in (PC, LEASE, UNKNOWN) if word in words), LINE if words else UNKNOWN)


def disturbed(ways: Iterable[Way]) -> str:
    """``traffic`` when others used the interface meanwhile, ``processor`` when the PC was busy with something else,
    ``none``, or ``unknown``."""
    known = [way for way in ways if way.rate is not None]
    if any(way.cross is not None and way.cross > max(CROSS_RATE, CROSS_SHARE * (way.rate or 0)) for way in known):
        return "traffic"
    if any(way.machine >= MACHINE for way in known):
        return "processor"
    return "unknown" if not known or any(way.cross is None for way in known) else "none"


def evidence(
    report: Report, *, at: int, lease: str, server: str, host: str, params: dict[str, Any], limited: dict[str, str]
) -> str:
    """The canonical text that is signed: JSON, keys sorted, whole numbers (bit/s, µs, bytes, parts per million). ASCII,
    at most MOST_EVIDENCE characters."""
    told: dict[str, Any] = {
        "check": "bandwidth", "protocol": VERSION, "version": SPECIFICATION, "at": at, "lease": lease[:64],
        "server": _ascii(server[:64]), "host": _ascii(host[:64]), "params": params,
    }  # fmt: skip
    for way in report.ways:
        told[way.direction] = {
            "rate": None if way.rate is None else round(way.rate), "error": _millionths(way.error), "used": way.used,
            "seconds": round(way.seconds * 1e6), "stopped": way.stopped, "streams": way.streams,
            "counted": way.counted, "told": way.told, "resent": _millionths(way.retransmitted),
            "limited": limited.get(way.direction, UNKNOWN), "reason": way.reason,
        }  # fmt: skip
    return msgspec.json.encode(told, order="sorted").decode("ascii")[:MOST_EVIDENCE]


def _millionths(share: float | None) -> int | None:
    return None if share is None else round(share * 1e6)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii").replace('"', "?").replace("\\", "?")
