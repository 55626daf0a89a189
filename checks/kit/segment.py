"""The parts of the way from a PC to a system, and which of them a reason speaks of by itself.

Shared by the agent, which says on the spot where it is broken, and the collector, which compares a city's devices.
"""

from __future__ import annotations

import enum

from checks.kit.model import Reason


class Segment(enum.StrEnum):
    """A part of the way, nearest first."""

    DEVICE = "device"
    LAN = "lan"
    ACCESS = "access"
    PROVIDER = "provider"
    DESTINATION = "destination"


TITLES: dict[Segment, tuple[str, str]] = {
    Segment.DEVICE: ("máy này", "this PC"),
    Segment.LAN: ("mạng nội bộ của cơ quan", "the office network"),
    Segment.ACCESS: ("đường truyền từ cơ quan ra ngoài", "the line out of the office"),
    Segment.PROVIDER: ("mạng của nhà cung cấp", "the provider's network"),
    Segment.DESTINATION: ("chính hệ thống đích", "the system itself"),
}
_D, _L, _A, _P = Segment.DEVICE, Segment.LAN, Segment.ACCESS, Segment.PROVIDER
# What a check of the surroundings found, whatever the targets say.
NEARBY: dict[Reason, tuple[Segment, ...]] = {
    Reason.LINK_DOWN: (_D, _L),
    Reason.GATEWAY_MISSING: (_D, _L),
    Reason.GATEWAY_UNREACHABLE: (_L,),
    Reason.ADDRESS_CONFLICT: (_L,),
    Reason.ROGUE_DHCP: (_L,),
    Reason.INTERFACE_DOWN: (_A,),
    Reason.ROUTE_LOOP: (_P,),
    Reason.MTU_BLACKHOLE: (_A, _P),
    Reason.DNS_REWRITTEN: (_P,),
}
# What a target's failure says by itself, whoever else is reached.
TOLD: dict[Reason, tuple[Segment, ...]] = {
    Reason.CLOCK_WRONG: (_D,),
    Reason.TLS_NOT_YET_VALID: (_D,),
    Reason.PROXY_UNREACHABLE: (_D, _L),
    Reason.PROXY_AUTH: (_L,),
    Reason.PROXY_REFUSED: (_L,),
    Reason.CAPTIVE_PORTAL: (_L,),
    Reason.OWN_LINK_DOWN: (_L,),
    Reason.TLS_INTERCEPTED: (_D, _L, _P),
    Reason.DNS_REWRITTEN: (_P,),
    Reason.ADDRESS_FORBIDDEN: (_L, _P),
}
# What a desk lacks is its own fault, and stops no packet.
DESK = frozenset({"storage", "power", "signing_token", "signing_service"})
SERVERS = frozenset(reason for reason in Reason if reason.startswith(("tsa_", "crl_", "ocsp_")))
NAMES = frozenset(reason for reason in Reason if reason.startswith("dns_"))
SILENT = frozenset(
    {Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE, Reason.TCP_RESET, Reason.TLS_TIMEOUT, Reason.HTTP_TIMEOUT}
)
