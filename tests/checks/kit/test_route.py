"""Default routes and the routers at their end: recorded tables, and a real office."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import netlink, route
from checks.kit.host import Host
from checks.kit.icmp import ping
from checks.kit.netlink import Neighbour
from checks.kit.route import Gateway
from tests.lab.namespaces import Office, office

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
NONE = "0" * 32


def _four(name: str, to: str, via: str, flags: str, metric: int, mask: str) -> str:
    """A line of /proc/net/route on this machine: addresses in its own byte order."""

    def number(address: str) -> str:
        return f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}"

    return f"{name}\t{number(to)}\t{number(via)}\t{flags}\t0\t0\t{metric}\t{number(mask)}\t0\t0\t0   \n"


def _six(to: str, length: str, via: str, metric: str, flags: str, name: str) -> str:
    return f"{to} {length} {NONE} 00 {via} {metric} 00000001 00000000 {flags} {name:>8}\n"


ROUTER6 = socket.inet_pton(socket.AF_INET6, "fe80::1").hex()
FOUR = HEAD + (
    _four("wlan0", "0.0.0.0", "192.0.2.1", "0003", 600, "0.0.0.0")
    + _four("eth0", "0.0.0.0", "198.51.100.1", "0003", 100, "0.0.0.0")
    + _four("eth0", "198.51.100.0", "0.0.0.0", "0001", 100, "255.255.255.0")
    + _four("tun0", "0.0.0.0", "203.0.113.1", "0003", 0, "128.0.0.0")
    + _four("old0", "0.0.0.0", "203.0.113.2", "0002", 0, "0.0.0.0")
    + _four("*", "0.0.0.0", "0.0.0.0", "0201", 0, "0.0.0.0")
)
SIX = (
    _six("20010db8" + "0" * 24, "40", NONE, "00000100", "00000001", "eth0")
    + _six(NONE, "00", ROUTER6, "00000064", "00450003", "eth0")
    + _six(NONE, "00", NONE, "00000400", "00000001", "ppp0")
    + _six(NONE, "00", NONE, "ffffffff", "00200200", "lo")
)


def _tree(folder: Path, **files: str) -> Host:
    net = folder / "proc/thread-self/net"
    net.mkdir(parents=True)
    for name, text in files.items():
        (net / name).write_text(text)
    return Host(str(folder))


def test_gateways_come_by_metric_ipv4_first(tmp_path: Path) -> None:
    """Routes of a VPN to half of the world, routes that are down and routes that refuse are none."""
    assert route.gateways(_tree(tmp_path, route=FOUR, ipv6_route=SIX)) == (
        Gateway("ipv4", "198.51.100.1", "eth0", 100),
        Gateway("ipv4", "192.0.2.1", "wlan0", 600),
        Gateway("ipv6", "fe80::1", "eth0", 100),
    )


def test_a_point_to_point_route_has_no_gateway(tmp_path: Path) -> None:
    """It is a default route all the same."""
    found = route.defaults(_tree(tmp_path, route=FOUR, ipv6_route=SIX))
    assert found[-1] == Gateway("ipv6", "", "ppp0", 1024)
    assert len(found) == 4


def test_without_tables_there_are_no_gateways(tmp_path: Path) -> None:
    """A kernel without IPv6, or a system that hides them."""
    assert route.gateways(Host(str(tmp_path))) == ()
    assert route.gateways(_tree(tmp_path, route=HEAD, ipv6_route="")) == ()


@given(st.text(max_size=400), st.lists(st.text("0123456789abcdefF \tx", max_size=40), max_size=14))
def test_arbitrary_tables_raise_nothing(text: str, words: list[str]) -> None:
    """A table of another kernel, or cut off."""
    for table in (text, HEAD + "\t".join(words), " ".join(words)):
        assert all(found.family == "ipv4" for found in route.parse_route(table))
        assert all(found.family == "ipv6" for found in route.parse_ipv6_route(table))
        route.parse_arp(table, Gateway("ipv4", "192.0.2.1", "eth0"))


@given(st.binary(max_size=200))
def test_arbitrary_answers_of_the_kernel_raise_nothing(data: bytes) -> None:
    """Also framed as messages of the right type."""
    for kind in (20, 28):
        framed = struct.pack("=IHHII", 16 + len(data), kind, 0, 0, 0) + data
        for answer in (data, framed, framed[:-1]):
            list(netlink.parse_neighbours(answer))
            list(netlink.parse_addresses(answer))


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("192.0.2.1 0x1 0x2 02:00:00:00:00:01 * eth0", "stale"),
        ("192.0.2.1 0x1 0x0 00:00:00:00:00:00 * eth0", "incomplete"),
        ("192.0.2.1 0x1 0x2 02:00:00:00:00:01 * eth1", "none"),
        ("192.0.2.9 0x1 0x2 02:00:00:00:00:01 * eth0", "none"),
        ("", "none"),
    ],
)
def test_the_table_of_arp_tells_good_from_dead(line: str, state: str) -> None:
    """For systems without netlink."""
    table = f"IP address       HW type     Flags       HW address            Mask     Device\n{line}\n"
    assert route.parse_arp(table, Gateway("ipv4", "192.0.2.1", "eth0")) == Neighbour("192.0.2.1", 0, state)


def test_the_real_gateways_are_found_and_known_once_spoken_to() -> None:
    """In a thread of its own namespace, both families; what is not there fails, what was never asked is unknown."""
    host = Host()

    def look() -> None:
        found = route.gateways(host)
        assert [one.address for one in found] == list(Office.ROUTER)
        assert {one.interface for one in found} == {"router"}
        for gateway in found:
            ping(gateway.address, count=2, timeout=3.0, interval=0.01)
            known = route.neighbour(host, gateway)
            assert known is not None
            assert known.state == "reachable"
            assert known.confirmed is not None
            assert known.confirmed < 60
        nobody = Gateway("ipv4", "192.0.2.99", "router")
        unknown = route.neighbour(host, nobody)
        assert unknown is not None
        assert unknown.state == "none"
        ping(nobody.address, count=1, timeout=4.0)
        failed = route.neighbour(host, nobody)
        assert failed is not None
        assert failed.state in ("failed", "incomplete")
        assert route.neighbour(host, Gateway("ipv4", "192.0.2.1", "nowhere")) is None

    with office() as lab:
        lab.pc.awaits(*lab.ROUTER)
        lab.pc.call(look)


def test_the_real_addresses_have_lifetimes() -> None:
    """A lease has an end, what was set by hand has none."""
    with office() as lab:
        lab.pc.ip("addr", "add", "192.0.2.50/24", "dev", "router", "valid_lft", "3600", "preferred_lft", "3600")
        answer = lab.pc.call(lambda: netlink.dump(netlink.GETADDR))
    assert answer is not None
    found = {one.address: one for one in netlink.parse_addresses(answer)}
    assert found["192.0.2.10"].left is None
    assert found["2001:db8:1::10"].left is None
    left = found["192.0.2.50"].left
    assert left is not None
    assert 3500 < left <= 3600
