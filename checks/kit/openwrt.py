"""The line of the OpenWrt router that the agent itself runs on, from /proc, /sys and ubus: the numbers SNMP gives.

Parsers are pure; recorded on OpenWrt's documentation and sources, not yet proven on a router. ubus is asked in a
child and only read from; without it the files alone serve.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct, field

from checks.kit import router
from checks.kit.child import ChildError
from checks.kit.host import Host
from checks.kit.model import Child
from checks.kit.router import Row
from checks.kit.survey import Snapshot, Survey, Value

RELEASE = "/etc/openwrt_release"
_NET = "/proc/thread-self/net/"  # /proc/net stands for the main thread, which may be in another namespace
_STATUS = {"up": 1, "down": 2, "testing": 3, "unknown": 4, "dormant": 5, "notpresent": 6, "lowerlayerdown": 7}
_SETTING = re.compile(r"^(\w+)=['\"]?(.*?)['\"]?$", re.M)


class Release(Struct, frozen=True):
    """``release`` of ``ubus call system board``."""

    distribution: str = ""
    version: str = ""


class Board(Struct, frozen=True):
    """``ubus call system board``; its host name is not read."""

    model: str = ""
    release: Release = field(default_factory=Release)


class Wan(Struct, frozen=True):
    """``ubus call network.interface.wan status``. ``l3_device`` is what carries IP: ``pppoe-wan`` over ``eth1``."""

    l3_device: str = ""


class Told(Struct, frozen=True):
    """What ubus said; None where it did not."""

    board: Board | None = None
    wan: Wan | None = None


def survey(host: Host, child: Child, wanted: str, timeout: float) -> Survey:
    """As over SNMP; ``index`` is 0 when there is no such interface. The wan of the router's own configuration first."""
    try:
        told: Told = child.call("checks.kit.openwrt:ubus", None, answer=Told, timeout=timeout)
    except ChildError:
        told = Told()
    names = list(parse_dev(host.read(_NET + "dev") or ""))
    name = wanted or (told.wan.l3_device if told.wan else "") or _default(host)
    index = _number(host.read(f"/sys/class/net/{name}/ifindex")) if name in names else None
    board = told.board or Board(
        model=host.read("/tmp/sysinfo/model") or "",  # noqa: S108 - where OpenWrt keeps it
        release=parse_release(host.read(RELEASE) or ""),
    )
    forwarding = _number(host.read("/proc/sys/net/ipv6/conf/all/forwarding"))
    rows = tuple(Row(place, shown, kind=1) for place, shown in enumerate(names, 1))
    return Survey(
        index=index or 0,
        interface=router.clean(name),
        chosen_by="declared" if wanted else "default_route",
        vendor=router.clean(board.release.distribution) or "OpenWrt",
        model=router.clean(board.model) or None,
        firmware=router.clean(board.release.version) or None,
        ipv6=router.has_ipv6(parse_if_inet6(host.read(_NET + "if_inet6"))),
        ipv6_forwarding="unknown" if forwarding is None else ("yes" if forwarding else "no"),
        vlan=router.has_vlan(rows, len(host.names("/proc/net/vlan"))),
        ups="unknown",
    )


def snapshot(host: Host, name: str, mono: int) -> Snapshot | None:
    """The counters of the interface `name` at `mono` (µs), under the names of SNMP; None without the interface.

    Its index stands for the discontinuity: a PPP interface that is built anew begins at 0 and gets another one.
    """
    counts = parse_dev(host.read(_NET + "dev") or "").get(name)
    if counts is None:
        return None
    values: dict[str, Value] = dict(counts)
    folder = f"/sys/class/net/{name}/"
    values["status"] = _STATUS.get((host.read(folder + "operstate") or "").strip(), 4)
    for key, number in (
        ("discontinuity", _number(host.read(folder + "ifindex"))),
        ("mbps", _number(host.read(folder + "speed"))),
        ("host_uptime", parse_uptime(host.read("/proc/uptime") or "")),
    ):
        if number is not None and number >= 0:
            values[key] = number
    return Snapshot(mono=mono, values=values)


def parse_dev(text: str) -> dict[str, dict[str, int]]:
    """/proc/net/dev by interface: octets, errors and discards each way (struct rtnl_link_stats64: 64 bits)."""
    found: dict[str, dict[str, int]] = {}
    for line in text.splitlines()[2:]:
        name, _, rest = line.partition(":")
        numbers = rest.split()
        if len(numbers) < 16 or not all(number.isdecimal() for number in numbers):
            continue
        places = {"hc_in": 0, "errors_in": 2, "discards_in": 3, "hc_out": 8, "errors_out": 10, "discards_out": 11}
        found[name.strip()[:64]] = {key: int(numbers[place]) for key, place in places.items()}
    return found


def parse_uptime(text: str) -> int | None:
    """/proc/uptime in hundredths of a second."""
    match = re.match(r"(\d+)\.(\d\d)\b", text)
    return int(match[1]) * 100 + int(match[2]) if match else None


def parse_release(text: str) -> Release:
    """/etc/openwrt_release."""
    found = {match[1]: match[2] for match in _SETTING.finditer(text)}
    return Release(found.get("DISTRIB_ID", ""), found.get("DISTRIB_RELEASE", ""))


def parse_if_inet6(text: str | None) -> list[tuple[int, ...]] | None:
    """The addresses in /proc/net/if_inet6, 16 octets each."""
    if text is None:
        return None
    first = (line.split(" ", 1)[0] for line in text.splitlines())
    return [tuple(bytes.fromhex(octets)) for octets in first if re.fullmatch(r"[0-9a-f]{32}", octets)]


def ubus(_argument: Any) -> Told:
    """The child's function: two read-only calls."""
    return Told(_call(Board, "system", "board"), _call(Wan, "network.interface.wan", "status"))


def _call(kind: Any, *words: str) -> Any:
    import subprocess

    try:
        done = subprocess.run(["ubus", "call", *words], capture_output=True, check=True, timeout=5)
        return msgspec.json.decode(done.stdout, type=kind)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None


def _default(host: Host) -> str:
    from checks.kit import route

    return next((found.interface for found in route.defaults(host)), "")


def _number(text: str | None) -> int | None:
    try:
        return int((text or "").strip())
    except ValueError:
        return None
