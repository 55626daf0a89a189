"""The way out of this device: its default routes, and whether the router at their end is there.

On Linux the main routing table. It is read below /proc/thread-self and not below /proc/net, which stands for the main
thread: a thread may be in a network namespace of its own.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator

from msgspec import Struct

from checks.kit import netlink
from checks.kit.host import Host
from checks.kit.netlink import Neighbour

NET = "/proc/thread-self/net/"
_UP, _REJECT = 0x1, 0x200
_HEX4 = re.compile(r"[0-9A-Fa-f]{8}")
_HEX6 = re.compile(r"[0-9A-Fa-f]{32}")
_COMPLETE = 0x2  # ATF_COM
_MAX_NAME = 64


class Gateway(Struct, frozen=True):
    """The next router of a default route, and the interface towards it. ``address`` is empty where the route has
    none: a point-to-point link. A link-local address needs ``interface`` as its zone."""

    family: str
    address: str
    interface: str
    metric: int = 0


def gateways(host: Host) -> tuple[Gateway, ...]:
    """The routers of this device's default routes: IPv4 before IPv6, the preferred one (lowest metric) first."""
    return tuple(found for found in defaults(host) if found.address)


def defaults(host: Host) -> tuple[Gateway, ...]:
    """As :func:`gateways`, point-to-point routes included. On Windows one query in a child (seconds)."""
    if host.system().name == "windows":
        from checks.kit import child, lan_windows

        try:
            return lan_windows.routes(lan_windows.ask(child, 20.0))
        except child.ChildError:
            return ()
    four = parse_route(host.read(NET + "route") or "")
    six = parse_ipv6_route(host.read(NET + "ipv6_route") or "")
    # sorted is stable: of two with one metric the kernel takes the one it lists first
    return (*sorted(four, key=lambda found: found.metric), *sorted(six, key=lambda found: found.metric))


def parse_route(text: str) -> Iterator[Gateway]:
    """The default routes of /proc/net/route, whose addresses are hexadecimal in this machine's byte order."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or not all(_HEX4.fullmatch(fields[place]) for place in (1, 2, 7)):
            continue
        flags, metric = _number(fields[3], 16), _number(fields[6], 10)
        if int(fields[1], 16) or int(fields[7], 16) or not flags & _UP or flags & _REJECT:
            continue
        packed = struct.pack("=I", int(fields[2], 16))
        yield Gateway("ipv4", socket.inet_ntoa(packed) if any(packed) else "", fields[0][:_MAX_NAME], metric)


def parse_ipv6_route(text: str) -> Iterator[Gateway]:
    """The default routes of /proc/net/ipv6_route."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) != 10 or not _HEX6.fullmatch(fields[0]) or not _HEX6.fullmatch(fields[4]):
            continue
        flags, metric = _number(fields[8], 16), _number(fields[5], 16)
        if int(fields[0], 16) or _number(fields[1], 16) or not flags & _UP or flags & _REJECT or fields[9] == "lo":
            continue
        packed = bytes.fromhex(fields[4])
        address = socket.inet_ntop(socket.AF_INET6, packed) if any(packed) else ""
        yield Gateway("ipv6", address, fields[9][:_MAX_NAME], metric)


def neighbour(host: Host, gateway: Gateway, timeout: float = 20.0) -> Neighbour | None:
    """What the kernel knows of `gateway` on its link: an entry of state ``none`` when it knows nothing of it, None when
    it does not tell.

    From netlink, else for IPv4 from the table of ARP, where ``incomplete`` is all that tells a dead entry from one
    that was good once (``stale``). On Windows one query in a child within `timeout` seconds.
    """
    if host.system().name == "windows":
        return _windows(gateway, timeout)
    answer = netlink.dump(netlink.GETNEIGH)
    if answer is not None:
        known = {(found.address, found.index): found for found in netlink.parse_neighbours(answer)}
        try:
            index = socket.if_nametoindex(gateway.interface)
        except OSError:
            return None
        return known.get((gateway.address, index), Neighbour(gateway.address, index, "none"))
    table = host.read(NET + "arp") if gateway.family == "ipv4" else None
    return None if table is None else parse_arp(table, gateway)


def _windows(gateway: Gateway, timeout: float) -> Neighbour | None:
    from checks.kit import child, lan_windows

    try:
        return lan_windows.neighbour(lan_windows.ask(child, timeout), gateway)
    except child.ChildError:
        return None


def parse_arp(text: str, gateway: Gateway) -> Neighbour:
    """The entry of `gateway` in /proc/net/arp; the index of its interface is not there."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) == 6 and fields[0] == gateway.address and fields[5] == gateway.interface:
            complete = _number(fields[2], 16) & _COMPLETE
            return Neighbour(gateway.address, 0, "stale" if complete else "incomplete")
    return Neighbour(gateway.address, 0, "none")


def _number(text: str, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        return 0
