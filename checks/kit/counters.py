"""Exact bytes over exact seconds from two readings of a router's counters. Pure.

A difference is given only when it is certain. Counters wrap (RFC 2863 §3.1.6: a 32-bit one in 34 s at 1 Gbit/s)
and begin anew when the router, its SNMP agent or the interface does; an interval in which that happened, or may
have, has a status and no rate: never a negative and never an absurd one.
"""

from __future__ import annotations

from msgspec import Struct

TICKS = 2**32
"""sysUpTime counts hundredths of a second modulo this (RFC 3418): it begins anew after 497 days without a reboot."""
STATUSES = (
    "measured",
    "first",
    "reboot",
    "discontinuity",
    "interface_changed",
    "ambiguous",
    "implausible",
    "too_short",
)
_SLACK, _DRIFT = 2.0, 0.01  # seconds an answer may be under way, and how far apart two quartz clocks may ever run
_MARGIN, _BURST = 1.1, 1 << 20  # some agents show counters that are seconds old: net-snmp 5.9 up to 3
_FASTEST = 400e9 / 8  # bytes a second, for a router that does not tell an interface's speed


class Count(Struct, frozen=True, kw_only=True):
    """What a router said at one instant: bytes since its counters began, by direction as the router sees it.

    ``interface`` names the interface, its index included. ``bits`` is the counters' width. ``uptime`` (hundredths of
    a second), ``boots`` (snmpEngineBoots) and ``discontinuity`` (ifCounterDiscontinuityTime) are None where the
    router does not tell them. ``mono`` is this device's boot clock (µs) when the answer came.
    """

    interface: str
    received: int
    transmitted: int
    mono: int
    bits: int = 64
    uptime: int | None = None
    boots: int | None = None
    discontinuity: int | None = None


class Span(Struct, frozen=True, kw_only=True):
    """What passed between two counts: bytes over ``seconds``, when ``status`` is ``measured``; else why not.

    ``clock`` says whose seconds they are. The router's, where it has a clock: it stands in the same answer as the
    counters, so that neither the way nor a busy PC is in it. Else this device's.
    """

    status: str
    clock: str = ""
    seconds: float = 0.0
    received: int = 0
    transmitted: int = 0


def between(before: Count | None, after: Count, speed: float | None = None) -> Span:
    """The span from `before` to `after`. `speed` is the interface's, bytes a second; None when it is not known."""
    if before is None:
        return Span(status="first")
    broken = _broken(before, after)
    if broken:
        return Span(status=broken)
    clock, seconds = _seconds(before, after)
    if seconds <= 0:
        return Span(status="too_short", clock=clock)
    received, transmitted, status = 0, 0, "measured"
    most = (speed or _FASTEST) * seconds * _MARGIN + _BURST
    for name in ("received", "transmitted"):
        passed = (getattr(after, name) - getattr(before, name)) % 2**after.bits
        if most >= 2**after.bits:
            status = "ambiguous"
        elif passed > most:
            return Span(status="discontinuity" if _fell(before, after, name) else "implausible", clock=clock)
        received, transmitted = (passed, transmitted) if name == "received" else (received, passed)
    if status != "measured":
        return Span(status=status, clock=clock)
    return Span(status=status, clock=clock, seconds=seconds, received=received, transmitted=transmitted)


def rebooted(before: Count, after: Count) -> bool:
    """Whether the router, or its SNMP agent, began anew in between.

    Its uptime must have grown by what passed here, modulo its wrap: so 497 days are no reboot, and a reboot during
    a long silence is seen although the uptime is higher again.
    """
    if before.boots is not None and after.boots is not None and before.boots != after.boots:
        return True
    if before.uptime is None or after.uptime is None:
        return False
    passed = (after.mono - before.mono) / 1e6
    grown = (after.uptime - before.uptime) % TICKS / 100
    away = (grown - passed) % (TICKS / 100)
    return min(away, TICKS / 100 - away) > _SLACK + _DRIFT * passed


def _broken(before: Count, after: Count) -> str:
    if before.interface != after.interface or before.bits != after.bits:
        return "interface_changed"
    if rebooted(before, after):
        return "reboot"
    return "discontinuity" if before.discontinuity != after.discontinuity else ""


def _seconds(before: Count, after: Count) -> tuple[str, float]:
    if before.uptime is None or after.uptime is None:
        return "agent", (after.mono - before.mono) / 1e6
    ticks = (after.uptime - before.uptime) % TICKS
    return "router", (ticks if ticks < TICKS // 2 else 0) / 100


def _fell(before: Count, after: Count, name: str) -> bool:
    fallen: bool = getattr(after, name) < getattr(before, name)
    return fallen
