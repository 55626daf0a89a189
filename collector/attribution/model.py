"""What attribution is told and what it says. Times are µs since the epoch, UTC."""

from __future__ import annotations

import enum

from msgspec import Struct

from checks.kit.segment import Segment

INTERNET, DEDICATED = "internet", "tslcd"
"""Networks: the Internet, and the dedicated data network of the Party and the State (TSLCD)."""


class Cause(enum.StrEnum):
    """What kind of fault it is. Closed: exported as a label. The first ones are named before any comparison of ways."""

    POWER = "power"
    CLOCK = "clock"
    CAPTIVE_PORTAL = "captive_portal"
    PROXY = "proxy"
    DNS = "dns"
    OWN_LINK = "own_link"
    ADDRESS_CONFLICT = "address_conflict"
    INTERCEPTED = "intercepted"
    AGENT_STOPPED = "agent_stopped"
    ROUTER = "router"
    CERTIFICATE = "certificate"
    SERVICE = "service"
    SLOW = "slow"
    UNREACHABLE = "unreachable"


class Observation(Struct, frozen=True, kw_only=True, gc=False):
    """What one device found at ``at``.

    ``target`` is the system it asked; empty where it looked at its surroundings only, and then ``reach`` says how far:
    a success clears every segment of the way up to ``reach``, a failure lies in one of them. With a target, a ``reach``
    short of DESTINATION says how far the way to it was looked at. ``reason`` is a
    checks.kit.model.Reason of what failed, ``check`` the check that saw it. ``ok`` None is silence: nothing was heard
    of the device since ``at``, although it should have been. ``named`` is False where the way began with an address: it
    says nothing of names.
    """

    device: str
    at: int
    target: str = ""
    ok: bool | None = True
    reason: str = ""
    check: str = "connectivity"
    reach: Segment = Segment.DESTINATION
    named: bool = True


class Line(Struct, frozen=True, kw_only=True):
    """How a unit comes to one network, and by whom. An empty ``provider`` is not known, and shared with nobody."""

    network: str = INTERNET
    provider: str = ""


class Topology(Struct, frozen=True, kw_only=True):
    """The tree. ``units`` by device; ``lines`` by unit, at most one for each network; ``networks`` by target, INTERNET
    where a target is not named. The way of (device, target) is: the device, its unit's LAN, its unit's access line to
    the target's network, that line's provider in that network, the target. A unit without a line for the network has
    one of its own whose provider is not known."""

    units: dict[str, str]
    lines: dict[str, tuple[Line, ...]] = {}
    networks: dict[str, str] = {}

    def line(self, unit: str, network: str) -> Line:
        return next((line for line in self.lines.get(unit, ()) if line.network == network), Line(network=network))


class Finding(Struct, frozen=True, kw_only=True):
    """A fault, located. ``subject`` names the guilty part: a device's id, a unit's code, ``provider`` or a target;
    ``network`` is set for ACCESS and PROVIDER, where the two networks are apart.

    ``confidence`` (0 to 1) grows with the number of independent observations that it explains and falls with those that
    contradict it; ``failing`` and ``working`` count them. ``also`` are segments that the observations cannot tell
    from this one. ``devices``, ``units`` and ``targets`` are those it stops, ascending. ``first`` and ``last`` are the
    oldest and the newest of the observations it explains.

    The rest belongs to a finding that is kept (:mod:`collector.attribution.tracker`): an ``id``; ``opened_at``;
    ``cleared_at`` while no observation speaks for it any more and it waits to be closed; ``closed_at``;
    ``merged_into``, the finding that it turned out to be a part of; ``flaps``, how often it cleared and came back;
    ``struck``, all units that it has stopped, where ``units`` are fewer by now. Once it is cleared, they are its units.
    """

    segment: Segment
    subject: str
    cause: Cause
    network: str = ""
    reason: str = ""
    confidence: float = 0.0
    failing: int = 0
    working: int = 0
    also: tuple[Segment, ...] = ()
    devices: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    first: int = 0
    last: int = 0
    id: str = ""
    opened_at: int = 0
    cleared_at: int | None = None
    closed_at: int | None = None
    merged_into: str = ""
    flaps: int = 0
    struck: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same fault at two times: where it is. Its cause may be seen better later."""
        return self.segment, self.network, self.subject
