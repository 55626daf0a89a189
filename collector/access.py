"""Who may read: pages and metrics are served to listed networks only. Deny by default."""

from __future__ import annotations

import ipaddress

from aiohttp import web

from collector.config import Networks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def peer(request: web.Request, proxies: Networks) -> Address | None:
    """The address that asks: the connection's own, or what a trusted proxy says, read from the right."""
    own = _address(request.remote or "")
    hops = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if part.strip()]
    while own is not None and hops and _in(own, proxies):
        own = _address(hops.pop())
    return own


def allowed(request: web.Request, networks: Networks, proxies: Networks) -> bool:
    """Whether the one who asks is in `networks`. A connection without an address (a local socket) is."""
    address = peer(request, proxies)
    return address is not None and _in(address, networks)


def _in(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
