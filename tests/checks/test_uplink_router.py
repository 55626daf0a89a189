"""The check ``uplink`` from a PC through its gateway to Debian's snmpd on a router in network namespaces."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit import child
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.uplink import CHECK
from tests.checks.conftest import environment
from tests.checks.snmp_peers import AUTH_KEY, COMMUNITY, PRIVACY_KEY, USER, snmpd
from tests.lab.namespaces import Office, office

V3 = {"version": "3", "user": USER, "auth_protocol": "SHA-256", "auth_key": AUTH_KEY, "privacy_key": PRIVACY_KEY}
V2C = {"community": COMMUNITY}


@pytest.fixture(scope="module")
def dual() -> Iterator[Office]:
    with office() as built:
        yield built


def agent(built: Office, folder: Path, more: str = "") -> Any:
    """snmpd on the router, on its real port."""

    def start(command: list[str], **options: Any) -> subprocess.Popen[Any]:
        return built.router.start(*command, **options)

    listen = ",".join(("udp:161", "udp6:161")[family] for family in built.families)
    return snmpd(folder, listen, more, start)


def measure(built: Office, memory: dict[str, Any], **params: Any) -> Reading:
    """One run on the PC."""
    given = {"settle": 0.0, "timeout": 2.0, "capacity_down_mbps": 200, "capacity_up_mbps": 200, **params}

    def run() -> Reading:
        env = replace(environment(child=child), memory=memory)
        reading: Reading = CHECK.run(decode_params(CHECK, given), env)
        return reading

    return built.pc.call(run)


def numbers(reading: Reading) -> dict[str, float]:
    return {":".join([found.name, *found.labels.values()]): found.value for found in reading.samples}


def true_bytes(built: Office) -> tuple[int, int]:
    """What the kernel of the router counts on its interface to the provider."""
    folder = "/sys/class/net/isp/statistics"
    text = built.router.run("cat", f"{folder}/rx_bytes", f"{folder}/tx_bytes").stdout
    received, transmitted = map(int, text.split())
    return received, transmitted


def upload(built: Office, count: int) -> None:
    """Datagrams from the PC to the server, through the router."""

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(count):
                sock.sendto(bytes(1000), (Office.SERVER[0], 9))
                time.sleep(0.0005)

    built.pc.call(send)


def test_the_gateway_is_read_and_the_line_is_where_its_default_route_goes(dual: Office, tmp_path: Path) -> None:
    with agent(dual, tmp_path):
        reading = measure(dual, {}, **V2C)
    assert reading.outcome is Outcome.OK, reading
    assert (reading.facts["interface"], reading.facts["interface_chosen_by"]) == ("isp", "default_route")
    assert (reading.facts["method"], reading.facts["protection"]) == ("snmp_v2c", "none")
    assert (reading.facts["counter_bits"], reading.facts["vendor"]) == (64, "net-snmp")
    assert (reading.facts["ipv6"], reading.facts["ipv6_forwarding"]) == ("yes", "yes")
    assert numbers(reading)["uplink_interface_speed"] == 1.25e9


def test_v3_signed_and_encrypted_over_ipv6_alone(tmp_path: Path) -> None:
    """An office without IPv4: the gateway is asked over IPv6."""
    with office(ipv4=False) as built, agent(built, tmp_path):
        reading = measure(built, {}, **V3)
    assert reading.outcome is Outcome.OK, reading
    assert (reading.facts["method"], reading.facts["protection"]) == ("snmp_v3", "encrypted")
    assert reading.facts["interface"] == "isp"


def test_rates_are_exact_to_the_byte_and_an_agent_that_restarts_costs_one_interval(
    dual: Office, tmp_path: Path
) -> None:
    """Every byte the kernel counted is in some interval, whatever snmpd keeps in its cache (3 s)."""
    memory: dict[str, Any] = {}
    with agent(dual, tmp_path):
        before = numbers(measure(dual, memory, **V2C))
        upload(dual, 300)
        received = transmitted = 0.0
        until = time.monotonic() + 30
        while True:
            reading = measure(dual, memory, **V2C)
            found = numbers(reading)
            assert reading.facts["interval"] == "measured", reading
            received += found["uplink_throughput:receive"] * found["uplink_interval"]
            transmitted += found["uplink_throughput:transmit"] * found["uplink_interval"]
            seen = int(found["uplink_receive"]), int(found["uplink_transmit"])
            if seen == true_bytes(dual) and seen[1] - before["uplink_transmit"] > 300_000:
                break
            assert time.monotonic() < until, (seen, true_bytes(dual))
            time.sleep(0.3)
    assert received == pytest.approx(seen[0] - before["uplink_receive"], abs=1e-2)
    assert transmitted == pytest.approx(seen[1] - before["uplink_transmit"], abs=1e-2)
    with agent(dual, tmp_path):
        again = measure(dual, memory, **V2C)
        assert (again.outcome, again.facts["interval"]) == (Outcome.OK, "reboot")
        assert "uplink_throughput:receive" not in numbers(again)
        assert measure(dual, memory, **V2C).facts["interval"] == "measured"


@contextlib.contextmanager
def link(built: Office, name: str) -> Iterator[None]:
    """An interface of the router, up, whose other end is down."""
    built.router.ip("link", "add", name, "type", "veth", "peer", "name", "other-end")
    built.router.ip("link", "set", name, "up")
    try:
        yield
    finally:
        built.router.ip("link", "del", name)


def test_vlans_are_seen(dual: Office, tmp_path: Path) -> None:
    """By what the interface is called: this kernel has none of the type."""
    with agent(dual, tmp_path):
        assert measure(dual, {}, **V2C).facts["vlan"] == "no"
    with link(dual, "lan0.10"), agent(dual, tmp_path):
        assert measure(dual, {}, **V2C).facts["vlan"] == "yes"


def test_a_line_that_is_cut_is_named(dual: Office, tmp_path: Path) -> None:
    """The declared interface has no carrier."""
    with link(dual, "fibre"), agent(dual, tmp_path):
        reading = measure(dual, {}, interface="fibre", **V2C)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.INTERFACE_DOWN), reading


def test_a_router_without_snmp_and_one_that_does_not_know_us(dual: Office, tmp_path: Path) -> None:
    assert measure(dual, {}, **{**V2C, "timeout": 0.5}).reason is Reason.SNMP_TIMEOUT
    with agent(dual, tmp_path):
        assert measure(dual, {}, **{**V3, "auth_key": "sai-hoan-toan"}).reason is Reason.SNMP_AUTH


def test_an_account_that_may_not_see_interfaces_is_told_from_one_without(dual: Office, tmp_path: Path) -> None:
    """A view of the system group only: NoSuchObject for everything else."""
    view = f"view narrow included .1.3.6.1.2.1.1\nrocommunity narrow-{COMMUNITY} default -V narrow\n"
    with agent(dual, tmp_path, view):
        reading = measure(dual, {}, community=f"narrow-{COMMUNITY}", interface="isp")
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.SNMP_MISSING), reading
