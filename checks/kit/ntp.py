"""What answers of time servers are worth, and which servers to believe (RFC 5905). Pure.

Offsets are seconds by which this device's clock is ahead: RFC 5905 counts the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

MAX_DISPERSION = 16.0
MAX_ROOT_DELAY = 1.0
UNSYNCHRONISED_STRATUM = 16
PHI = 15e-6  # s/s by which a clock may drift while it is not looked at
MIN_DISTANCE = 0.005
_ERA = 2**32
STATES = ("agreeing", "disagreeing", "unsynchronised", "implausible", "silent")


class Packet(Struct, frozen=True, kw_only=True):
    """A server's answer as it says itself, times in seconds of an NTP era, delays in seconds."""

    leap: int
    mode: int
    stratum: int
    precision: int
    root_delay: float
    root_dispersion: float
    received: float
    transmitted: float


class Measured(Struct, frozen=True):
    """One exchange: offset, round trip delay, and the most that the offset can be wrong by (root distance)."""

    offset: float
    delay: float
    distance: float
    stratum: int


class Polled(Struct, kw_only=True):
    """What became of one server. ``best`` is its exchange with the least delay, None without a usable one."""

    server: str
    state: str = "silent"
    best: Measured | None = None


class Selected(Struct, frozen=True):
    """The servers with their final states, and the one whose time is taken, None when none can be."""

    polled: tuple[Polled, ...]
    chosen: Polled | None


def era_difference(later: float, earlier: float) -> float:
    """`later` − `earlier`, whichever era each was written in: right within 68 years (RFC 5905 §6)."""
    apart = later - earlier
    return apart - _ERA * round(apart / _ERA)


def measure(packet: Packet, sent: float, took: float) -> Measured | str:
    """The exchange that was sent at `sent` (NTP seconds on this device's clock) and took `took` seconds; or the state
    of a server that says so: ``unsynchronised`` (leap 3, stratum 0 with a kiss code, or 16) or ``implausible``."""
    if packet.mode != 4:
        return "implausible"
    if packet.leap == 3 or packet.stratum == 0 or packet.stratum >= UNSYNCHRONISED_STRATUM:
        return "unsynchronised"
    held = era_difference(packet.transmitted, packet.received)
    delay = took - held
    granted = 2.0**packet.precision if -32 <= packet.precision <= 0 else 1.0
    if not packet.transmitted or not packet.received or held < -granted or delay < -max(granted, 0.001):
        return "implausible"
    if packet.root_dispersion > MAX_DISPERSION or packet.root_delay > MAX_ROOT_DELAY:
        return "implausible"
    ahead = (era_difference(sent, packet.received) + era_difference(sent + took, packet.transmitted)) / 2
    delay = max(delay, 0.0)
    distance = (packet.root_delay + delay) / 2 + packet.root_dispersion + granted + PHI * took
    return Measured(ahead, delay, max(distance, MIN_DISTANCE), packet.stratum)


def settle(server: str, found: Sequence[Measured | str]) -> Polled:
    """One server's exchanges as one: the least delayed stands (clock filter, RFC 5905 §10), unless any was implausible.
    A kiss-o'-death after good answers only says that it was asked enough."""
    measured = [one for one in found if isinstance(one, Measured)]
    if "implausible" in found or not measured:
        said = [one for one in ("implausible", "unsynchronised") if one in found]
        return Polled(server=server, state=said[0] if said else "silent")
    return Polled(server=server, state="agreeing", best=min(measured, key=lambda one: one.delay))


def select(polled: Sequence[Polled]) -> Selected:
    """Tells the servers that agree from those that do not (intersection algorithm, RFC 5905 §11.2.1), and takes the
    time of the one that can be least wrong. Without a majority all disagree and none is taken."""
    usable = [one for one in polled if one.best]
    common = _intersection([(one.best.offset, one.best.distance) for one in usable if one.best])
    for one in usable:
        if one.best and (common is None or not _touches(one.best, common)):
            one.state = "disagreeing"
    agreeing = [one for one in usable if one.state == "agreeing"]
    chosen = min(agreeing, key=lambda one: one.best.distance if one.best else 0.0, default=None)
    return Selected(tuple(polled), chosen)


def _touches(one: Measured, common: tuple[float, float]) -> bool:
    return one.offset + one.distance >= common[0] and one.offset - one.distance <= common[1]


def _intersection(found: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """What the intervals (middle, half width) of the largest majority have in common, or None without a majority."""
    count = len(found)
    lows = sorted(middle - half for middle, half in found)
    edges = sorted([(low, -1) for low in lows] + [(middle + half, 1) for middle, half in found])
    for liars in range((count + 1) // 2):
        low = _bound(edges, count - liars)
        high = _bound([(-edge, -kind) for edge, kind in reversed(edges)], count - liars)
        if low is not None and high is not None and low <= -high:
            return low, -high
    return None


def _bound(edges: Sequence[tuple[float, int]], needed: int) -> float | None:
    """The first edge at which `needed` intervals are open."""
    opened = 0
    for edge, kind in edges:
        opened -= kind
        if opened >= needed:
            return edge
    return None
