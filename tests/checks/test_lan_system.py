"""Interfaces, leases and counters from the texts that PCs give: the trees and answers ``recorded/lan/*.json``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import lan_windows, lease, link, route
from checks.kit.echo import Echoes
from checks.kit.gateway import Asked
from checks.kit.host import Host
from checks.kit.lan_windows import Answer
from checks.kit.lease import Origin
from checks.kit.link import Link
from checks.kit.model import Outcome, Reading
from checks.kit.netlink import Held
from checks.kit.route import Gateway
from checks.kit.scan import Neighbours, Scanned
from checks.kit.surroundings import Surroundings, connected
from checks.lan import CHECK, FACTS, Params, since_last, summarise
from tests.checks.conftest import environment
from tests.checks.lan_office import found

RECORDED = Path(__file__).parent / "recorded/lan"
LINUX = ("wired-half-duplex", "wifi-laptop", "bridge-over-port", "cable-out", "modem")
WINDOWS = "windows-wifi"
NOW = 1_760_000_000.0


def _recorded(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return read


def _host(folder: Path, files: dict[str, str]) -> Host:
    for path, text in files.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Host(str(folder))


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing."""
    assert {file.stem for file in RECORDED.glob("*.json")} == {*LINUX, WINDOWS}


@pytest.mark.parametrize("name", LINUX)
def test_the_interface_that_carries_the_traffic_is_described(name: str, tmp_path: Path) -> None:
    """Through a bridge to its port, past interfaces without a device; whether anything is plugged in at all."""
    recorded = _recorded(name)
    host = _host(tmp_path, recorded["files"])
    links = link.links(host)
    chosen = link.outermost(links, route.defaults(host))
    assert chosen is not None
    told = {**msgspec.structs.asdict(chosen), "connected": connected(links, chosen)}
    told["quality"] = None if told["quality"] is None else round(told["quality"], 4)
    assert {key: told[key] for key in recorded["expected"]} == recorded["expected"]


@pytest.mark.parametrize(
    ("row", "signal", "quality"),
    [
        ("wlan0: 0000   70.  -30.  -256        0      0      0      0      0        0", -30.0, 1.0),
        ("wlan0: 0000   35   200   0        0      0      0      0      0        0", -56.0, 0.5),
        ("wlan0: 0000   0.    0.    0.        0      0      0      0      0        0", None, 0.0),
    ],
)
def test_drivers_tell_their_signal_in_several_ways(row: str, signal: float | None, quality: float) -> None:
    """dBm, dBm plus 256, or not at all."""
    assert link.parse_wireless(f"head\nhead\n {row}\n") == {"wlan0": (signal, quality)}


@given(st.text(max_size=300))
def test_arbitrary_texts_raise_nothing(text: str) -> None:
    """A table or lease cut off or of another system."""
    link.parse_wireless(text)
    lease.parse_networkd(text)
    lease.parse_dhclient("lease {\n" + text + "\n}\n", "eth0", {"192.168.1.9"}, NOW)


@pytest.mark.parametrize(
    ("family", "address", "kind"),
    [
        ("ipv4", "8.8.8.8", "public"),
        ("ipv4", "10.1.2.3", "private"),
        ("ipv4", "172.31.255.255", "private"),
        ("ipv4", "172.32.0.1", "public"),
        ("ipv4", "192.168.0.1", "private"),
        ("ipv4", "100.127.0.1", "shared"),
        ("ipv4", "169.254.1.1", "link_local"),
        ("ipv4", "127.0.0.1", "loopback"),
        ("ipv6", "fe80::1", "link_local"),
        ("ipv6", "fdab::1", "private"),
        ("ipv6", "2001:db8::1", "public"),
        ("ipv6", "::1", "loopback"),
    ],
)
def test_addresses_are_of_a_kind(family: str, address: str, kind: str) -> None:
    """RFC 1918, RFC 3927, RFC 4193, RFC 6598."""
    assert lease.kind(family, address) == kind


def test_the_widest_address_counts_and_one_not_yet_usable_does_not() -> None:
    """Every IPv6 interface has a link-local one besides."""
    held = [
        Held("ipv6", "fe80::1", 64, 2, None, True),
        Held("ipv6", "fd00::1", 64, 2, None, True),
        Held("ipv6", "2001:db8::1", 64, 2, 60, False),
        Held("ipv6", "2001:db8::2", 64, 3, 60, True),
    ]
    assert (lease.best(held, "ipv6", 2), lease.best(held, "ipv4", 2)) == ("private", "none")


DHCLIENT = """default-duid "\\000";
lease {
  interface "eth0";
  fixed-address 192.168.1.9;
  option dhcp-lease-time 3600;
  expire 4 2025/10/09 08:00:00;
}
lease {
  interface "eth0";
  fixed-address 192.168.1.9;
  option dhcp-lease-time 86400;
  expire 4 2025/10/09 08:55:20;
}
lease {
  interface "wlan0";
  fixed-address 192.168.1.9;
  expire epoch 1760009999;
}
"""


@pytest.mark.parametrize(
    ("left", "files", "origin"),
    [
        (None, {}, Origin("unknown")),
        (600, {}, Origin("dhcp", 600)),
        (600, {"/run/systemd/netif/leases/2": "ADDRESS=192.168.1.9\nLIFETIME=86400\n"}, Origin("dhcp", 600, 86400)),
        (None, {"/run/systemd/netif/leases/2": "ADDRESS=192.168.1.9\n"}, Origin("dhcp", None, 0)),
        (None, {"/run/systemd/netif/leases/3": "ADDRESS=192.168.1.9\n"}, Origin("unknown")),
        (None, {"/var/lib/dhcp/dhclient.eth0.leases": DHCLIENT}, Origin("dhcp", 120, 86400)),
        (None, {"/var/lib/dhcp/dhclient.eth0.leases": DHCLIENT.replace(".9;", ".8;")}, Origin("unknown")),
        (None, {"/etc/network/interfaces": "auto eth0\niface eth0 inet static\n"}, Origin("static")),
        (None, {"/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n"}, Origin("unknown")),
        (None, {"/run/NetworkManager/devices/2": "[device]\nmanaged=true\n"}, Origin("static")),
        (None, {"/run/systemd/netif/links/2": "NETWORK_FILE=/etc/systemd/network/1.network\n"}, Origin("static")),
    ],
)
def test_where_an_address_comes_from(left: int | None, files: dict[str, str], origin: Origin, tmp_path: Path) -> None:
    """The kernel's lifetime first, then the files of those who configure; what tells nothing is unknown."""
    held = [Held("ipv4", "192.168.1.9", 24, 2, left, True)]
    assert lease.origin(_host(tmp_path, files), held, "eth0", 2, NOW) == origin


def test_a_windows_pc_is_described() -> None:
    """From a recorded answer; not yet proven on a PC. The on-link route of a VPN is no gateway."""
    answer = msgspec.convert(_recorded(WINDOWS), Answer)
    around = lan_windows.describe(answer)
    assert around.routes[:1] == (Gateway("ipv4", "192.168.1.1", "12", 50),)
    assert [way.address for way in around.routes] == ["192.168.1.1", "", "fe80::1"]
    assert around.link == Link(
        name="12",
        kind="wifi",
        virtual=False,
        carrier=True,
        speed=433_300_000,
        mtu=1500,
        counters={"receive_errors": 0, "transmit_errors": 2, "receive_drops": 15, "transmit_drops": 0},
        quality=0.82,
    )
    assert (around.connected, around.kinds, around.origin) == (
        True,
        {"ipv4": "private", "ipv6": "public"},
        Origin("dhcp", 71983),
    )
    assert lan_windows.neighbour(answer, around.routes[0]).state == "reachable"
    assert lan_windows.neighbour(answer, around.routes[2]).state == "failed"


def test_an_empty_answer_of_windows_is_no_network() -> None:
    """Every cmdlet may fail on an old system."""
    around = lan_windows.describe(Answer())
    assert (around.routes, around.link, around.origin) == ((), None, Origin("none"))


def _eth(**counters: int) -> Link:
    return Link(name="eth0", kind="ethernet", virtual=False, carrier=True, counters=counters)


def test_the_speed_of_the_link_is_told_in_bytes() -> None:
    """Prometheus' base unit; nothing where the system tells none."""
    fast = msgspec.structs.replace(_eth(), speed=1_000_000_000)
    name = "lan_link_speed"
    assert found(_read(_around(link=fast)))[name] == 125e6
    assert name not in found(_read(_around()))


def test_counters_are_told_since_the_last_run() -> None:
    """Nothing at first; a counter that fell was reset; another interface or another boot starts anew."""
    memory: dict[str, Any] = {}
    assert since_last(memory, "boot", _eth(receive_errors=5, receive_drops=9)) == {}
    assert since_last(memory, "boot", _eth(receive_errors=7, receive_drops=9)) == {
        "receive_errors": 2,
        "receive_drops": 0,
    }
    assert since_last(memory, "boot", _eth(receive_errors=3)) == {"receive_errors": 3}
    assert since_last(memory, "boot", _eth(receive_errors=3, receive_drops=9)) == {"receive_errors": 0}
    assert since_last(memory, "next boot", _eth(receive_errors=4)) == {}
    assert since_last(memory, "next boot", None) == {}
    assert since_last(memory, "next boot", _eth(receive_errors=4)) == {}


def _around(**changed: Any) -> Surroundings:
    told: dict[str, Any] = {
        "routes": (Gateway("ipv4", "192.168.1.1", "eth0"),),
        "link": _eth(receive_errors=7),
        "connected": True,
        "kinds": {"ipv4": "private", "ipv6": "link_local"},
        "origin": Origin("dhcp", 600, 0),
    }
    return Surroundings(**{**told, **changed})


def _read(around: Surroundings, asked: dict[str, Asked] | None = None, **scanned: Any) -> Reading:
    return summarise(Params(dhcp_servers=scanned.pop("known", ())), around, asked or {}, Scanned(**scanned), {})


def test_every_fact_is_stated_each_time() -> None:
    """Unknown is None, and what has closed values holds to them."""
    echoes = Echoes(method="icmp_datagram", sent=2, rtts=(0.001, 0.002), stamps="kernel")
    readings = [
        _read(_around(), {"ipv4": Asked("answered", echoes)}),
        _read(_around(link=None, kinds={"ipv4": None, "ipv6": None}, origin=Origin("unknown"))),
        _read(_around(connected=False)),
    ]
    for reading in readings:
        assert set(reading.facts) == {fact.name for fact in FACTS}
        for fact in FACTS:
            value = reading.facts[fact.name]
            assert value is None or not fact.words or value in fact.words
    assert readings[2].facts["gateway_echo_ipv4"] is None


@pytest.mark.parametrize("state", ["filtered", "present", "silent", "point_to_point"])
def test_what_is_not_known_to_be_gone_is_not_blamed(state: str) -> None:
    """And no loss is told of it."""
    lost = Echoes(method="icmp_raw", sent=10, rtts=(), stamps="kernel")
    reading = _read(_around(), {"ipv4": Asked(state, lost)})
    assert reading.outcome is Outcome.OK
    assert "lan_gateway_loss ipv4" not in found(reading)


@pytest.mark.parametrize(
    ("scanned", "reason"),
    [
        ({"neighbours": Neighbours(5, 0, False)}, "gateway_unreachable"),
        ({"neighbours": Neighbours(5, 1, False)}, "address_conflict"),
        ({"neighbours": Neighbours(5, 0, True)}, "address_conflict"),
        ({"servers": frozenset({"192.168.1.1"})}, "gateway_unreachable"),
        ({"servers": frozenset({"192.168.1.1", "192.168.1.7"})}, "rogue_dhcp"),
        ({"servers": frozenset({"192.168.1.7"}), "known": ("192.168.1.1",)}, "rogue_dhcp"),
        ({"servers": frozenset({"192.168.1.1", "192.168.1.2"}), "known": ("192.168.1.1", "192.168.1.2")},
         "gateway_unreachable"),
    ],
)  # fmt: skip
def test_causes_come_before_what_follows_from_them(scanned: dict[str, Any], reason: str) -> None:
    """A foreign DHCP server hands out a gateway that is not there."""
    lost = Echoes(method="icmp_raw", sent=10, rtts=(), stamps="kernel", note="host_unreachable")
    reading = _read(_around(), {"ipv4": Asked("unreachable", lost)}, **scanned)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, reason)
    assert "192.168" not in reading.detail


def test_another_system_is_not_guessed_at() -> None:
    """Nothing is said about the network."""

    class Other(Host):
        def system(self) -> Any:
            return msgspec.structs.replace(super().system(), name="darwin")

    reading = CHECK.run(Params(), environment(host=Other()))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, "unsupported")


def test_the_resident_agent_stays_light() -> None:
    """A run that needs no child loads none of these, with an environment of its own."""
    code = (
        "import sys; sys.modules['typing_extensions'] = None; before = set(sys.modules)\n"
        "import checks.lan; from checks.kit import icmp, route, netlink\n"
        "icmp.ping('127.0.0.1', count=1); list(netlink.parse_addresses(netlink.dump(netlink.GETADDR)))\n"
        "heavy = {'asyncio', 'subprocess', 'ctypes', 'ipaddress', 'logging', 'inspect', 'dataclasses', 'calendar'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
