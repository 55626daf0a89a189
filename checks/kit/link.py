"""This device's network interfaces as /sys/class/net and /proc/net/wireless describe them. Parsers are pure.

No name of an interface or network and no hardware address is meant to leave the device: ``name`` is for finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from checks.kit.host import Host
from checks.kit.route import NET, Gateway

_SYS = "/sys/class/net/"
_LOOPBACK, _UP = 772, 0x1
_QUALITY = 70  # what cfg80211 calls the best in /proc/net/wireless: -40 dBm
_DEPTH = 4
COUNTERS = ("receive_errors", "transmit_errors", "receive_drops", "transmit_drops")
_FILES = ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped")


class Link(Struct, frozen=True, kw_only=True):
    """An interface. ``kind`` is ``ethernet``, ``wifi`` or ``other``; ``virtual`` that no device is behind it; ``speed``
    bits per second; ``counters`` by the names of COUNTERS, since it was made; ``signal`` dBm; ``quality`` 0 to 1;
    ``below`` the interfaces it stands on (bridge, bond, VLAN). What the system does not tell is None."""

    name: str
    kind: str
    virtual: bool
    carrier: bool
    speed: int | None = None
    duplex: str | None = None
    mtu: int | None = None
    counters: dict[str, int] = {}
    signal: float | None = None
    quality: float | None = None
    below: tuple[str, ...] = ()


def links(host: Host) -> tuple[Link, ...]:
    """Every interface but loopback."""
    radios = parse_wireless(host.read(NET + "wireless") or "")
    found = (_link(host, name, radios.get(name, (None, None))) for name in host.names(_SYS))
    return tuple(link for link in found if link)


def _link(host: Host, name: str, radio: tuple[float | None, float | None]) -> Link | None:
    folder = f"{_SYS}{name}/"
    hardware = _whole(host.read(folder + "type"))
    if hardware is None or hardware == _LOOPBACK:
        return None
    wifi = "DEVTYPE=wlan" in (host.read(folder + "uevent") or "").split() or bool(host.names(folder + "wireless"))
    values = {key: _whole(host.read(f"{folder}statistics/{file}")) for key, file in zip(COUNTERS, _FILES, strict=True)}
    speed, duplex = _whole(host.read(folder + "speed")), (host.read(folder + "duplex") or "").strip()
    up = bool(_flags(host.read(folder + "flags")) & _UP)
    return Link(
        name=name,
        kind="wifi" if wifi else "ethernet" if hardware == 1 else "other",
        virtual=not host.names(folder + "device"),
        # reading the carrier of an interface that is switched off is an error
        carrier=up and _whole(host.read(folder + "carrier")) == 1,
        speed=speed * 1_000_000 if speed and speed > 0 else None,
        duplex=duplex if duplex in ("full", "half") else None,
        mtu=_whole(host.read(folder + "mtu")),
        counters={key: value for key, value in values.items() if value is not None},
        signal=radio[0],
        quality=radio[1],
        below=tuple(entry[6:] for entry in host.names(folder) if entry.startswith("lower_")),
    )


def parse_wireless(text: str) -> dict[str, tuple[float | None, float | None]]:
    """Signal (dBm) and quality (0 to 1) by interface, from /proc/net/wireless; None where the driver gives none."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for name, quality, level in re.findall(
        r"^\s*([^\s:]{1,64}):\s+[0-9a-f]{1,8}\s+([0-9]{1,3})\.?\s+(-?[0-9]{1,3})\.?\s", text, re.M
    ):
        # what cannot be a radio's power: 0 is "not told", and old drivers count up from -256
        power = int(level) - (256 if int(level) > 63 else 0)
        found[name] = (float(power) if -120 <= power < 0 else None, min(1.0, int(quality) / _QUALITY))
    return found


def counted(found: Iterable[Link]) -> tuple[Link, ...]:
    """The interfaces by which a device can be cut off: those with a device behind them, or in a container, where none
    has one, the Ethernet ones."""
    known = tuple(found)
    real = tuple(link for link in known if not link.virtual)
    return real or tuple(link for link in known if link.kind == "ethernet" and not link.below)


def outermost(found: Iterable[Link], routes: tuple[Gateway, ...]) -> Link | None:
    """The interface that the first of `routes` leaves by, through bridges, bonds and VLANs down to one with a device;
    without routes the first with a carrier, else the first."""
    known = {link.name: link for link in found}
    start = next((known[route.interface] for route in routes if route.interface in known), None)
    if start is None:
        candidates = counted(known.values())
        return next((link for link in candidates if link.carrier), next(iter(candidates), None))
    for _ in range(_DEPTH):
        below = [known[name] for name in start.below if name in known]
        if not start.virtual or not below:
            break
        start = next((link for link in below if link.carrier), below[0])
    return start


def _whole(text: str | None) -> int | None:
    found = re.fullmatch(r"-?[0-9]{1,19}", (text or "").strip())
    return int(found[0]) if found else None


def _flags(text: str | None) -> int:
    found = re.fullmatch(r"0x([0-9a-f]{1,8})", (text or "").strip())
    return int(found[1], 16) if found else 0
