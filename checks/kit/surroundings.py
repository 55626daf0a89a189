"""Everything this device's system tells of the office network around it, in one structure for every system."""

from __future__ import annotations

import socket

from msgspec import Struct

from checks.kit import netlink
from checks.kit.host import Host
from checks.kit.lease import Origin, best, origin
from checks.kit.link import Link, counted, links, outermost
from checks.kit.model import Child
from checks.kit.route import Gateway, defaults


class Surroundings(Struct, frozen=True, kw_only=True):
    """``routes`` are the default routes, preferred first and IPv4 before IPv6, those without a router included;
    ``link`` is the interface they leave by. ``connected`` is False when no interface that could carry them has a
    carrier. ``kinds`` are what addresses it has, by family; None where the system does not tell."""

    routes: tuple[Gateway, ...]
    link: Link | None
    connected: bool
    kinds: dict[str, str | None]
    origin: Origin


def gather(host: Host, child: Child, timeout: float, now: float) -> Surroundings:
    """What the system tells; `now` is seconds since 1970. On Windows by one query in a child within `timeout` seconds,
    which raises ChildError."""
    if host.system().name == "windows":
        from checks.kit import lan_windows

        return lan_windows.gather(child, timeout)
    answer = netlink.dump(netlink.GETADDR)
    return describe(host, links(host), defaults(host), answer, now)


def describe(
    host: Host, found: tuple[Link, ...], routes: tuple[Gateway, ...], addresses: bytes | None, now: float
) -> Surroundings:
    """The surroundings of these interfaces, routes and addresses (an answer of netlink, or None)."""
    link = outermost(found, routes)
    carrying = {route.family: route.interface for route in reversed(routes)}
    name = carrying.get("ipv4") or carrying.get("ipv6") or (link.name if link else "")
    held = tuple(netlink.parse_addresses(addresses or b""))
    kinds: dict[str, str | None] = {"ipv4": None, "ipv6": None}
    whence = Origin("unknown")
    if addresses is not None and name:
        # the bridge or VLAN has the address, not the port below it
        index = _index(name)
        kinds = {family: best(held, family, _index(carrying.get(family, name))) for family in kinds}
        whence = origin(host, held, name, index, now)
    return Surroundings(
        routes=routes,
        link=link,
        connected=connected(found, link),
        kinds=kinds,
        origin=whence,
    )


def connected(found: tuple[Link, ...], link: Link | None) -> bool:
    """Whether any interface has a carrier. `link` counts too: behind a modem's there is no device."""
    real = counted(found)
    return not real or any(one.carrier for one in (*real, *([link] if link else [])))


def _index(name: str) -> int:
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0
