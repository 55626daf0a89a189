"""What a router's answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.router import Row, choose, clean, has_ipv6, has_vlan, identify, rows
from checks.kit.survey import Snapshot

ROWS = (
    Row(1, "lo", "lo", "", 24),
    Row(2, "ether1", "ether1", "VNPT", 6),
    Row(3, "ether2", "ether2", "ether1", 6),
    Row(4, "", "Vlan-interface1", "VNPT", 53),
)


@pytest.mark.parametrize(
    ("descr", "object_id", "expected"),
    [  # sysDescr as devices gave it in public posts, scans and NMS rules; not yet proven on our routers
        ("RouterOS RB750Gr3", "1.3.6.1.4.1.14988.1", ("MikroTik", "RB750Gr3", "7.15.3")),
        ("RouterOS CCR1036-8G-2S+", "1.3.6.1.4.1.14988.1", ("MikroTik", "CCR1036-8G-2S+", "7.15.3")),
        ("DrayTek Corporation, Router Model: Vigor2860 Series, Version: 3.8.9.4_STD, Build Date/Time:Jan 30 2019",
         "1.3.6.1.4.1.7367", ("DrayTek", "Vigor2860 Series", "3.8.9.4_STD")),
        ("DrayTek Corporation, Router Model: Vigor2960, Version: 1.4.4_Beta/1.4.4, Build Date/Time: 2019-07-07",
         "1.3.6.1.4.1.7367", ("DrayTek", "Vigor2960", "1.4.4_Beta/1.4.4")),
        ("Cisco IOS Software [Fuji], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 16.9.4, RELEASE\r\n",
         "1.3.6.1.4.1.9.1.2093",
         ("Cisco", "X86_64_LINUX_IOSD-UNIVERSALK9-M", "16.9.4")),
        ("Cisco IOS Software, C1900 Software (C1900-UNIVERSALK9-M), Version 15.2(4)M6, RELEASE SOFTWARE (fc2)",
         "1.3.6.1.4.1.9.1.1191", ("Cisco", "C1900-UNIVERSALK9-M", "15.2(4)M6")),
        ("Huawei Versatile Routing Platform Software\r\nVRP (R) software, Version 5.170 (AR2200 V200R009C00SPC500)\r\n",
         "1.3.6.1.4.1.2011.2.224",
         ("Huawei", "AR2200", "V200R009C00SPC500")),
        ("ZXR10 ROS Version V4.6.02D ZXR10 T64G Software, Version V2.6.02.d.16_p05 Copyright (c) 2001-2007 by ZTE",
         "1.3.6.1.4.1.3902.3", ("ZTE", "ZXR10 T64G", "V2.6.02.d.16_p05")),
        ("Linux OpenWrt 5.15.134 #0 SMP Mon Oct 9 21:45:35 2023 mips", "1.3.6.1.4.1.8072.3.2.10",
         ("OpenWrt", None, "5.15.134")),
        ("Linux ubnd-phuong-1 6.1.0-13-amd64 #1 SMP PREEMPT_DYNAMIC x86_64", "1.3.6.1.4.1.8072.3.2.10",
         ("net-snmp", None, "6.1.0-13-amd64")),
        ("a box of ours", "1.3.6.1.4.1.25506.1.1", ("H3C", None, None)),
        ("a box of ours", "1.3.6.1.4.1.99999.1", (None, None, None)),
        ("", "", (None, None, None)),
    ],
)  # fmt: skip
def test_makers_are_known_by_what_they_say(
    descr: str, object_id: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    """Unknown where they say it in no known way; the host's name in a Linux router's text never comes out."""
    found = identify(descr, object_id, "7.15.3")
    assert found == expected
    assert "ubnd" not in repr(found)


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_description_gives_bounded_printable_words(descr: str, object_id: str) -> None:
    for word in identify(descr, object_id, descr):
        assert word is None or (0 < len(word) <= 64 and word.isascii() and word.isprintable())
    assert len(clean(descr)) <= 64


@pytest.mark.parametrize(
    ("wanted", "default", "expected"),
    [
        ("ether1", None, (2, "declared")),  # a name goes before another's alias
        ("Vlan-interface1", None, (4, "declared")),
        ("VNPT", None, (None, "several")),
        ("ETHER1", None, (None, "declared")),
        ("", 3, (3, "default_route")),
        ("", 9, (None, "default_route")),
        ("", None, (None, "default_route")),
    ],
)
def test_an_interface_is_chosen_or_none_is(wanted: str, default: int | None, expected: tuple[int | None, str]) -> None:
    row, by = choose(ROWS, wanted, default)
    assert (row and row.index, by) == expected


def test_walked_columns_become_rows() -> None:
    """Each column may lack what another has."""
    found = rows({"name": {1: "lo", 2: "wan"}, "descr": {3: "eth9"}, "type": {1: 24, 2: 6, 3: "six"}, "alias": {}})
    assert found == (Row(1, "lo", "", "", 24), Row(2, "wan", "", "", 6), Row(3, "", "eth9", "", 0))
    assert [row.shown for row in (*found, Row(7))] == ["lo", "wan", "eth9", "interface 7"]


@pytest.mark.parametrize(
    ("interfaces", "vlans", "expected"),
    [
        (ROWS, None, "no"),
        (ROWS, 1, "no"),
        (ROWS, 2, "yes"),
        ((Row(1, "x", kind=135),), None, "yes"),
        ((Row(1, "eth0.10", kind=6),), None, "yes"),
        ((Row(1, "vlan20", kind=6),), None, "yes"),
        ((Row(1, "10.0.0.1", kind=6),), None, "no"),
        ((Row(1, "wan"),), None, "unknown"),
        ((), None, "unknown"),
    ],
)
def test_vlans_by_type_name_and_bridge(interfaces: tuple[Row, ...], vlans: int | None, expected: str) -> None:
    assert has_vlan(interfaces, vlans) == expected


GLOBAL = (0x20, 0x01, 0x0D, 0xB8, *[0] * 11, 1)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (None, "unknown"),
        ([], "no"),
        ([(*[0] * 15, 1), (0xFE, 0x80, *[0] * 13, 1), (0xFD, *[0] * 14, 1)], "no"),
        ([GLOBAL], "yes"),
        ([(4, *GLOBAL)], "yes"),
        ([(1, 2)], "no"),
    ],
)
def test_ipv6_is_a_global_address(addresses: list[tuple[int, ...]] | None, expected: str) -> None:
    assert has_ipv6(addresses) == expected


@pytest.mark.parametrize(
    ("values", "speed"),
    [
        ({"mbps": 1000, "bps": 10}, 125e6),
        ({"mbps": 0, "bps": 100_000_000}, 12.5e6),
        ({"mbps": 0, "bps": 2**32 - 1}, None),
        ({"mbps": 0, "bps": 0}, None),
        ({}, None),
    ],
)
def test_the_speed_is_what_the_router_can_say(values: dict[str, int | str], speed: float | None) -> None:
    assert Snapshot(mono=0, values=values).speed == speed


@pytest.mark.parametrize(("status", "down"), [(1, ""), (2, "down"), (7, "lower layer down"), (4, ""), (None, "")])
def test_only_a_known_no_is_down(status: int | None, down: str) -> None:
    """PPP interfaces tell 4, unknown."""
    assert Snapshot(mono=0, values={} if status is None else {"status": status}).down == down
