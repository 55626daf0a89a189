"""Which name servers a system asks, from its own settings. Pure, but for the reader of the Windows registry."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping

from checks.kit.guard import is_literal

RESOLV_CONF = "/etc/resolv.conf"
BEHIND_STUB = "/run/systemd/resolve/resolv.conf"
STUB = "127.0.0.53"
SYSTEM_LIMIT = 3  # the C library asks no more than three (MAXNS)
_INTERFACES = (
    r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces",
    r"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\Interfaces",
)
_VALUES = ("NameServer", "DhcpNameServer", "IPAddress", "DhcpIPAddress", "EnableDHCP")
Interface = Mapping[str, "str | list[str] | int"]


def from_resolv_conf(text: str | None) -> list[str]:
    """The name servers of resolv.conf(5), in order; without any the system asks its own machine."""
    words = (line.split() for line in (text or "").splitlines())
    found = [row[1] for row in words if len(row) > 1 and row[0] == "nameserver" and is_literal(row[1])]
    return distinct(found)[:SYSTEM_LIMIT] or ["127.0.0.1"]


def from_registry(interfaces: Iterable[Interface]) -> list[str]:
    """The name servers of the interfaces that have an address; what was set by hand goes before what DHCP gave.

    An interface of IPv6 says no address there, so a name server set by hand counts by itself. Not yet proven on a PC.
    """
    found: list[str] = []
    for interface in interfaces:
        by_hand, by_dhcp = _split(interface.get("NameServer")), _split(interface.get("DhcpNameServer"))
        if by_hand:
            stands = _has_address(interface) or any(":" in server for server in by_hand)
            found += by_hand if stands else []
        elif _has_address(interface):
            found += by_dhcp
    return distinct(found)


def read_registry() -> list[dict[str, str | list[str] | int]]:
    """The values of every interface of IPv4 and IPv6; none elsewhere than on Windows. Not yet proven on a PC."""
    found: list[dict[str, str | list[str] | int]] = []
    if sys.platform == "win32":
        import winreg

        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        for path in _INTERFACES:
            try:
                with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, access) as parent:
                    names = [winreg.EnumKey(parent, index) for index in range(winreg.QueryInfoKey(parent)[0])]
            except OSError:
                continue
            found += [_values(f"{path}\\{name}") for name in names]
    return found


def _values(path: str) -> dict[str, str | list[str] | int]:
    found: dict[str, str | list[str] | int] = {}
    if sys.platform == "win32":
        import winreg

        for name in _VALUES:
            try:
                with winreg.OpenKey(
                    winreg.HKEY_LOCAL_MACHINE, path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY
                ) as key:
                    value, _ = winreg.QueryValueEx(key, name)
            except OSError:
                continue
            if isinstance(value, (str, int, list)):
                found[name] = value
    return found


def distinct(servers: Iterable[str]) -> list[str]:
    """`servers`, each once, in order."""
    return list(dict.fromkeys(servers))


def _split(value: str | list[str] | int | None) -> list[str]:
    """Addresses between commas or blanks, or in a list (REG_MULTI_SZ)."""
    text = " ".join(value) if isinstance(value, list) else value if isinstance(value, str) else ""
    return [word for word in re.split(r"[\s,]+", text) if is_literal(word)]


def _has_address(interface: Interface) -> bool:
    name = "DhcpIPAddress" if interface.get("EnableDHCP", 1) else "IPAddress"
    return any(address != "0.0.0.0" for address in _split(interface.get(name)))  # noqa: S104 - Windows' word for none
