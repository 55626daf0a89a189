"""Who else is on the link, asked with raw packets by :mod:`checks.kit.raw`: for those who ask for it, where rights and
scapy are there."""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct

from checks.kit.child import ChildError
from checks.kit.model import Child, Meter

T = TypeVar("T")
_PROGRAM = "checks.kit.raw"
_LACKING = {"permission": "no_rights", "unavailable": "unavailable"}
_START = 4.0  # to start an interpreter with scapy on an old PC


class Neighbours(Struct, frozen=True):
    """``duplicates`` are addresses that two answered for, ``own_conflict`` whether another answers for ours."""

    neighbours: int
    duplicates: int
    own_conflict: bool
    sent: int = 0
    received: int = 0


class Server(Struct, frozen=True):
    address: str
    gateway: str | None = None
    lease: int | None = None


class Offers(Struct, frozen=True):
    servers: tuple[Server, ...] = ()
    sent: int = 0
    received: int = 0


class Scanned(Struct, frozen=True):
    """``method``: ``off``, ``scapy``, ``no_rights``, ``unavailable`` or ``failed``; what was not learnt is None."""

    method: str = "off"
    neighbours: Neighbours | None = None
    servers: frozenset[str] | None = None


def scan(child: Child, interface: str, seconds: float, meter: Meter) -> Scanned:
    """Neighbours and DHCP servers on `interface` within about `seconds`."""
    share = seconds / 2
    found: Neighbours | None = None
    try:
        found = _ask(child, "neighbours", interface, share, Neighbours)
        meter.add(sockets=1, sent=found.sent, received=found.received)
        offers: Offers = _ask(child, "dhcp", interface, share, Offers)
        meter.add(sockets=1, sent=offers.sent, received=offers.received)
    except ChildError as why:
        return Scanned(_LACKING.get(why.detail, "failed"), found)
    return Scanned("scapy", found, frozenset(server.address for server in offers.servers))


def _ask(child: Child, what: str, interface: str, seconds: float, answer: type[T]) -> T:
    asked = {"do": what, "interface": interface, "timeout": max(1.0, seconds - _START)}
    found: T = child.call(_PROGRAM, asked, answer=answer, timeout=seconds)
    return found
