"""What kind of addresses this device has and where it has them from. Pure but for :func:`origin`, which reads files."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable

from msgspec import Struct

from checks.kit.host import Host
from checks.kit.netlink import Held

# family, network, length, what it is called; the first that holds counts
_KINDS = tuple(
    (family, int.from_bytes(socket.inet_pton(number, network), "big") >> (bits - length), bits - length, kind)
    for family, number, bits, network, length, kind in (
        ("ipv4", socket.AF_INET, 32, "127.0.0.0", 8, "loopback"),
        ("ipv4", socket.AF_INET, 32, "169.254.0.0", 16, "link_local"),
        ("ipv4", socket.AF_INET, 32, "10.0.0.0", 8, "private"),
        ("ipv4", socket.AF_INET, 32, "172.16.0.0", 12, "private"),
        ("ipv4", socket.AF_INET, 32, "192.168.0.0", 16, "private"),
        ("ipv4", socket.AF_INET, 32, "100.64.0.0", 10, "shared"),
        ("ipv4", socket.AF_INET, 32, "0.0.0.0", 0, "public"),  # noqa: S104 - a network, no address to listen on
        ("ipv6", socket.AF_INET6, 128, "::1", 128, "loopback"),
        ("ipv6", socket.AF_INET6, 128, "fe80::", 10, "link_local"),
        ("ipv6", socket.AF_INET6, 128, "fc00::", 7, "private"),
        ("ipv6", socket.AF_INET6, 128, "::", 0, "public"),
    )
)
_ORDER = ("public", "shared", "private", "link_local")
_LEASE = re.compile(r"^lease(?:6)? \{(.*?)^\}", re.M | re.S)
_DHCLIENT = ("/var/lib/dhcp/", "/var/lib/dhclient/")


class Origin(Struct, frozen=True):
    """``way`` is ``dhcp``, ``static``, ``link_local`` (nobody gave one), ``none`` or ``unknown``; ``left`` and
    ``length`` of the lease in seconds, where known."""

    way: str
    left: int | None = None
    length: int | None = None


def kind(family: str, address: str) -> str:
    """``public``, ``private`` (RFC 1918, RFC 4193), ``shared`` (RFC 6598), ``link_local`` or ``loopback``."""
    packed = socket.inet_pton(socket.AF_INET if family == "ipv4" else socket.AF_INET6, address)
    number = int.from_bytes(packed, "big")
    return next(name for wanted, network, rest, name in _KINDS if wanted == family and number >> rest == network)


def best(held: Iterable[Held], family: str, index: int) -> str:
    """The widest kind of address of that family on the interface: ``none`` when it has none."""
    kinds = {kind(family, one.address) for one in held if one.family == family and one.index == index and one.usable}
    return next((name for name in _ORDER if name in kinds), "none")


def origin(host: Host, held: Iterable[Held], name: str, index: int, now: float) -> Origin:
    """Where the IPv4 address of interface `name` comes from; `now` is seconds since 1970.

    The kernel tells most: a DHCP client gives the address the lease's lifetime. For an address held for ever the files
    of systemd-networkd, dhclient, NetworkManager and ifupdown are asked; where they tell nothing it is unknown, because
    some clients (udhcpc) set no lifetime.
    """
    mine = [one for one in held if one.family == "ipv4" and one.index == index]
    if not mine:
        return Origin("none")
    if all(kind("ipv4", one.address) == "link_local" for one in mine):
        return Origin("link_local")
    length = parse_networkd(host.read(f"/run/systemd/netif/leases/{index}") or "")
    lasting = [one.left for one in mine if one.left is not None]
    if lasting:
        return Origin("dhcp", max(lasting), length)
    if length is not None:
        return Origin("dhcp", None, length)
    addresses = {one.address for one in mine}
    for folder in _DHCLIENT:
        for file in host.names(folder):
            text = (host.read(folder + file) or "") if file.startswith("dhclient") else ""
            if found := parse_dhclient(text, name, addresses, now):
                return found
    return Origin("static" if _set_by_hand(host, name, index) else "unknown")


def _set_by_hand(host: Host, name: str, index: int) -> bool:
    interfaces = host.read("/etc/network/interfaces") or ""
    if re.search(rf"^\s*iface\s+{re.escape(name)}\s+inet\s+static\b", interfaces, re.M):
        return True
    # both give what they got by DHCP a lifetime, so what they manage and has none was written down by someone
    managed = host.read(f"/run/NetworkManager/devices/{index}") or ""
    networkd = host.read(f"/run/systemd/netif/links/{index}") or ""
    return "managed=true" in managed or bool(re.search(r"^NETWORK_FILE=.", networkd, re.M))


def parse_networkd(text: str) -> int | None:
    """The lifetime (seconds) in a lease of systemd-networkd; 0 when the lease tells none, None when it is no lease."""
    values = dict(re.findall(r"^([A-Z0-9_]{1,32})=(.{0,256})$", text, re.M))
    if "ADDRESS" not in values:
        return None
    lifetime = values.get("LIFETIME", "")
    return int(lifetime) if re.fullmatch(r"[0-9]{1,10}", lifetime) else 0


def parse_dhclient(text: str, name: str, mine: set[str], now: float) -> Origin | None:
    """The last lease of dhclient.leases(5) for an address of ours on interface `name`; None without one."""
    for block in reversed(_LEASE.findall(text)):
        address = re.search(r"^\s*fixed-address ([0-9.]{7,15});", block, re.M)
        if f'interface "{name}";' not in block or not address or address[1] not in mine:
            continue
        length = re.search(r"^\s*option dhcp-lease-time ([0-9]{1,10});", block, re.M)
        expire = _expiry(block)
        left = None if expire is None else max(0, round(expire - now))
        return Origin("dhcp", left, int(length[1]) if length else None)
    return None


def _expiry(block: str) -> float | None:
    epoch = re.search(r"^\s*expire epoch ([0-9]{1,12});", block, re.M)
    if epoch:
        return float(epoch[1])
    found = re.search(
        r"^\s*expire [0-6] ([0-9]{4})/([0-9]{2})/([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2});", block, re.M
    )
    if not found:
        return None
    import calendar  # 0.3 MB, only where dhclient is

    return float(calendar.timegm((*(int(part) for part in found.groups()), 0, 0, 0)))
