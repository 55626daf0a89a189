"""What a router's SNMP answers mean: which interface is the line, who made it, what it can. Pure; only numbers
and names of MIB objects, no I/O.

Sources: SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), IP-MIB (RFC 4293), IP-FORWARD-MIB (RFC 4292), Q-BRIDGE-MIB
(RFC 4363), HOST-RESOURCES-MIB (RFC 2790), SNMP-FRAMEWORK-MIB (RFC 3411), UPS-MIB (RFC 1628).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from checks.kit.survey import Value

SYSTEM = {
    "descr": "1.3.6.1.2.1.1.1.0",
    "object_id": "1.3.6.1.2.1.1.2.0",
    "mikrotik_version": "1.3.6.1.4.1.14988.1.1.4.4.0",
    "ipv6_forwarding": "1.3.6.1.2.1.4.25.0",
    "vlans": "1.3.6.1.2.1.17.7.1.1.4.0",
    "default_index": "1.3.6.1.2.1.4.21.1.2.0.0.0.0",
}
DEFAULT_ROUTES = ("1.3.6.1.2.1.4.24.7.1.7.1.4.0.0.0.0.0", "1.3.6.1.2.1.4.24.4.1.5.0.0.0.0.0.0.0.0")
"""Below these, inetCidrRouteIfIndex and ipCidrRouteIfIndex of the IPv4 default routes stand."""
DEFAULT_ROUTE_6 = "1.3.6.1.2.1.4.24.7.1.7.2.16" + ".0" * 17
"""The same for IPv6, for a router without IPv4."""
ADDRESSES_6 = ("1.3.6.1.2.1.4.34.1.3.2.16", "1.3.6.1.2.1.55.1.8.1.2")
"""Below these, ipAddressIfIndex (by 16 octets) and ipv6AddrPfxLength (RFC 2465, by index and octets) of IPv6."""
COLUMNS = {
    "name": "1.3.6.1.2.1.31.1.1.1.1",
    "descr": "1.3.6.1.2.1.2.2.1.2",
    "alias": "1.3.6.1.2.1.31.1.1.1.18",
    "type": "1.3.6.1.2.1.2.2.1.3",
}
COUNTERS = {
    "uptime": "1.3.6.1.2.1.1.3.0",
    "boots": "1.3.6.1.6.3.10.2.1.2.0",
    "hc_in": "1.3.6.1.2.1.31.1.1.1.6.{i}",
    "hc_out": "1.3.6.1.2.1.31.1.1.1.10.{i}",
    "in": "1.3.6.1.2.1.2.2.1.10.{i}",
    "out": "1.3.6.1.2.1.2.2.1.16.{i}",
    "status": "1.3.6.1.2.1.2.2.1.8.{i}",
    "discontinuity": "1.3.6.1.2.1.31.1.1.1.19.{i}",
    "mbps": "1.3.6.1.2.1.31.1.1.1.15.{i}",
    "bps": "1.3.6.1.2.1.2.2.1.5.{i}",
    "name": "1.3.6.1.2.1.31.1.1.1.1.{i}",
    "descr": "1.3.6.1.2.1.2.2.1.2.{i}",
}
"""Asked in one message, so that clock and counters are of one instant."""
MORE = {
    "host_uptime": "1.3.6.1.2.1.25.1.1.0",
    "errors_in": "1.3.6.1.2.1.2.2.1.14.{i}",
    "errors_out": "1.3.6.1.2.1.2.2.1.20.{i}",
    "discards_in": "1.3.6.1.2.1.2.2.1.13.{i}",
    "discards_out": "1.3.6.1.2.1.2.2.1.19.{i}",
}
UPS = {
    "battery": "1.3.6.1.2.1.33.1.2.1.0",
    "seconds_on_battery": "1.3.6.1.2.1.33.1.2.2.0",
    "minutes_left": "1.3.6.1.2.1.33.1.2.3.0",
    "charge": "1.3.6.1.2.1.33.1.2.4.0",
    "source": "1.3.6.1.2.1.33.1.4.1.0",
}
_L2VLAN = 135  # ifType l2vlan of the IANA registry
_VLAN_NAME = re.compile(r"[^.\s]+\.[1-9]\d{0,3}|vlan-?\d{1,4}", re.I)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")

_MAKERS = {
    9: "Cisco", 171: "D-Link", 2011: "Huawei", 2636: "Juniper", 3902: "ZTE", 4881: "Ruijie", 7367: "DrayTek",
    8072: "net-snmp", 11863: "TP-Link", 12356: "Fortinet", 14988: "MikroTik", 25506: "H3C", 41112: "Ubiquiti",
}  # fmt: skip
"""Private enterprise numbers (IANA) as they stand in sysObjectID."""
_SAID = (
    ("MikroTik", re.compile(r"RouterOS (?P<model>\S[^\r\n]*)")),
    ("DrayTek", re.compile(r"DrayTek.*Router Model: (?P<model>[^,]+), Version: (?P<firmware>[^,\s]+)")),
    ("Cisco", re.compile(r"Cisco .*?\((?P<model>[\w-]+)\), (?:Experimental )?Version (?P<firmware>[\w.()]+)", re.S)),
    ("Huawei", re.compile(r"VRP \(R\) software, ?Version [\d.]+ \((?P<model>\S+) (?P<firmware>V\w+)\)", re.I)),
    ("ZTE", re.compile(r"ZXR10 ROS Version V[\w.]+ (?P<model>\S.*?) Software, Version .*?(?P<firmware>V\d[\w.]+)")),
    ("OpenWrt", re.compile(r"Linux OpenWrt (?P<firmware>\d[\w.]+)")),
    ("net-snmp", re.compile(r"Linux \S+ (?P<firmware>\d[\w.+-]+)")),
)  # fmt: skip


class Row(Struct, frozen=True):
    """An interface of the router. ``alias`` is what its owner wrote there: matched, never sent."""

    index: int
    name: str = ""
    descr: str = ""
    alias: str = ""
    kind: int = 0

    @property
    def shown(self) -> str:
        return clean(self.name or self.descr) or f"interface {self.index}"


def clean(text: str) -> str:
    """`text` from a router: printable ASCII, at most 64 characters."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:64]


def identify(descr: str, object_id: str, mikrotik_version: str = "") -> tuple[str | None, str | None, str | None]:
    """Maker, model and firmware from sysDescr and sysObjectID; None for what they do not say in a known way.

    A Linux router's sysDescr names the host: only its kernel's version is taken from it.
    """
    for maker, pattern in _SAID:
        found = pattern.search(descr)
        if found:
            named = found.groupdict()
            firmware = named.get("firmware") or mikrotik_version
            return maker, clean(named.get("model") or "") or None, clean(firmware) or None
    number = re.match(r"1\.3\.6\.1\.4\.1\.(\d+)", object_id)
    return (_MAKERS.get(int(number[1])) if number else None), None, None


def rows(columns: Mapping[str, Mapping[int, Value]]) -> tuple[Row, ...]:
    """The interfaces in walked `columns` (of :data:`COLUMNS`), each by index."""

    def text(name: str, index: int) -> str:
        value = columns.get(name, {}).get(index, "")
        return value if isinstance(value, str) else ""

    def kind(index: int) -> int:
        value = columns.get("type", {}).get(index, 0)
        return value if isinstance(value, int) else 0

    indices = sorted({index for column in columns.values() for index in column})
    return tuple(
        Row(index, text("name", index), text("descr", index), text("alias", index), kind(index)) for index in indices
    )


def choose(interfaces: tuple[Row, ...], wanted: str, default_index: int | None) -> tuple[Row | None, str]:
    """The line's interface, and by what it was chosen: ``declared`` or ``default_route``.

    `wanted` must be exactly one interface's name, description or alias, in that order. Without it the one that the
    default route leaves by: never the busiest, since on a router both sides are equally busy, in opposite directions.
    """
    if wanted:
        for name in ("name", "descr", "alias"):
            found = [row for row in interfaces if getattr(row, name) == wanted]
            if found:
                return (found[0], "declared") if len(found) == 1 else (None, "several")
        return None, "declared"
    return next((row for row in interfaces if row.index == default_index), None), "default_route"


def has_vlan(interfaces: tuple[Row, ...], vlans: Value | None) -> str:
    """Whether VLANs are in use: several at the bridge, an interface of that type, or one named like ``eth0.10``."""
    if isinstance(vlans, int) and vlans > 1:
        return "yes"
    if any(row.kind == _L2VLAN or _VLAN_NAME.fullmatch(row.name or row.descr) for row in interfaces):
        return "yes"
    return "no" if any(row.kind for row in interfaces) else "unknown"


def has_ipv6(addresses: list[tuple[int, ...]] | None) -> str:
    """Whether one of `addresses` (the last 16 numbers of each) is a global one, 2000::/3; None: no table of them."""
    if addresses is None:
        return "unknown"
    return "yes" if any(len(octets) >= 16 and octets[-16] >> 5 == 1 for octets in addresses) else "no"
