"""The line of an OpenWrt router from recorded files and ubus answers. Not yet proven on a router."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import openwrt
from checks.kit.child import ChildError
from checks.kit.host import Host
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.openwrt import Board, Told, Wan
from checks.uplink import CHECK
from tests.checks.conftest import environment

DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1048576    4096    0    0    0     0          0         0  1048576    4096    0    0    0     0       0          0
  eth1: 5368709120 4000000    1    2    0     0          0        17 1073741824 3000000    3    4    0     0       0          0
pppoe-wan: 5300000000 3900000    5    6    0     0          0         0 1000000000 2900000    7    8    0     0       0          0
br-lan.10: 10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0
broken: 1 2 3
"""  # noqa: E501 - as the kernel writes it
RELEASE = "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.3'\nDISTRIB_TARGET='ramips/mt7621'\n"
ROUTE = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "pppoe-wan\t00000000\t01004064\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
)
BOARD = b"""{"kernel":"5.15.150","hostname":"ubnd-phuong","system":"MediaTek MT7621 ver:1 eco:3",
"model":"Xiaomi Mi Router 3G","board_name":"xiaomi,mi-router-3g","rootfs_type":"squashfs","release":{
"distribution":"OpenWrt","version":"23.05.3","revision":"r23809-234f1a2efa","target":"ramips/mt7621",
"description":"OpenWrt 23.05.3 r23809-234f1a2efa"}}"""
WAN = b"""{"up":true,"pending":false,"available":true,"autostart":true,"uptime":8041,"l3_device":"pppoe-wan",
"proto":"pppoe","device":"eth1","metric":0,"ipv4-address":[{"address":"100.64.1.9","mask":32}],"route":[],"data":{}}"""


class Ubus:
    """The child that asks ubus, or cannot."""

    def __init__(self, told: Told | None) -> None:
        self.told = told

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        assert (function, argument, answer) == ("checks.kit.openwrt:ubus", None, Told)
        if self.told is None:
            raise ChildError(Reason.CHILD_CRASHED, "no ubus")
        return self.told


TOLD = Told(msgspec.json.decode(BOARD, type=Board), msgspec.json.decode(WAN, type=Wan))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "etc/openwrt_release": RELEASE,
        "tmp/sysinfo/model": "Xiaomi Mi Router 3G\n",
        "proc/uptime": "8123.45 30000.00\n",
        "proc/thread-self/net/dev": DEV,
        "proc/thread-self/net/route": ROUTE,
        "proc/thread-self/net/if_inet6": "20010db8000200000000000000000002 0a 40 00 80 pppoe-wan\n",
        "proc/sys/net/ipv6/conf/all/forwarding": "1\n",
        "sys/class/net/pppoe-wan/ifindex": "12\n",
        "sys/class/net/pppoe-wan/operstate": "unknown\n",
        "sys/class/net/eth1/ifindex": "3\n",
        "sys/class/net/eth1/operstate": "up\n",
        "sys/class/net/eth1/speed": "1000\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def run(root: Path, told: Told | None = TOLD, memory: dict[str, Any] | None = None, **params: Any) -> Reading:
    env = msgspec.structs.replace(environment(host=Host(str(root)), child=Ubus(told)), memory=memory or {})
    reading: Reading = CHECK.run(decode_params(CHECK, {"settle": 0, **params}), env)
    return reading


def numbers(reading: Reading) -> dict[str, float]:
    return {":".join([found.name, *found.labels.values()]): found.value for found in reading.samples}


def test_the_router_itself_tells_the_same_numbers(root: Path) -> None:
    reading = run(root)
    found = numbers(reading)
    assert reading.outcome is Outcome.OK
    assert (found["uplink_receive"], found["uplink_transmit"]) == (5_300_000_000, 1_000_000_000)
    assert (found["uplink_errors:receive"], found["uplink_discards:transmit"]) == (5, 8)
    assert found["uplink_router_uptime"] == pytest.approx(8123.45)
    facts = reading.facts
    assert (facts["method"], facts["interface"], facts["counter_bits"]) == ("local", "pppoe-wan", 64)
    assert (facts["vendor"], facts["model"], facts["firmware"]) == ("OpenWrt", "Xiaomi Mi Router 3G", "23.05.3")
    assert (facts["ipv6"], facts["ipv6_forwarding"], facts["vlan"], facts["ups"]) == ("yes", "yes", "yes", "unknown")
    assert "ubnd" not in repr(reading)


def test_without_ubus_the_files_tell_as_much(root: Path) -> None:
    """The interface by the kernel's default route."""
    with_ubus, without = run(root), run(root, None)
    assert without.facts == with_ubus.facts
    assert without.samples == with_ubus.samples


def test_a_declared_interface_goes_first_and_a_missing_one_is_named(root: Path) -> None:
    assert numbers(run(root, interface="eth1"))["uplink_interface_speed"] == 125e6
    gone = run(root, interface="../../etc")
    assert (gone.outcome, gone.reason) == (Outcome.FAILED, Reason.INTERFACE_MISSING)


def test_an_interface_that_is_down_is_named(root: Path) -> None:
    (root / "sys/class/net/eth1/operstate").write_text("lowerlayerdown\n")
    assert run(root, interface="eth1").reason is Reason.INTERFACE_DOWN


def test_rates_use_this_devices_clock_and_a_rebuilt_ppp_interface_gives_none(root: Path) -> None:
    """The agent and the counters share one clock; PPP comes back with another index and counters from 0."""

    class Clock:
        now = 3_600_000_000

        def mono(self) -> int:
            return self.now

        def wall(self) -> int:
            return self.now

        def boot(self) -> str:
            return "b"

    memory: dict[str, Any] = {}
    clock = Clock()

    def once() -> Reading:
        env = environment(host=Host(str(root)), child=Ubus(TOLD), clock=clock)
        reading: Reading = CHECK.run(
            decode_params(CHECK, {"settle": 0, "capacity_down_mbps": 8}), msgspec.structs.replace(env, memory=memory)
        )
        return reading

    assert once().facts["interval"] == "first"
    clock.now += 300_000_000
    device = root / "proc/thread-self/net/dev"
    device.write_text(DEV.replace("5300000000", "5450000000"))
    reading = once()
    assert reading.facts["interval_clock"] == "agent"
    assert numbers(reading)["uplink_throughput:receive"] == 500_000
    assert numbers(reading)["uplink_utilisation:receive"] == 0.5
    clock.now += 300_000_000
    device.write_text(DEV.replace("5300000000", "5450000001"))
    (root / "sys/class/net/pppoe-wan/ifindex").write_text("13\n")
    assert once().facts["interval"] == "discontinuity"


def test_a_declared_host_is_asked_over_snmp_even_on_openwrt(root: Path) -> None:
    assert run(root, host="192.0.2.1").outcome is Outcome.NOT_APPLICABLE


def test_ubus_that_is_not_there_tells_nothing() -> None:
    """The child's function here, where no ubus is installed."""
    assert openwrt.ubus(None) == Told(None, None)


@given(st.text(max_size=400))
def test_any_text_is_parsed_without_exception(text: str) -> None:
    for name, counts in openwrt.parse_dev(text).items():
        assert len(name) <= 64
        assert all(number >= 0 for number in counts.values())
    openwrt.parse_release(text)
    openwrt.parse_if_inet6(text)
    assert openwrt.parse_uptime(text) is None or openwrt.parse_uptime(text) is not None
