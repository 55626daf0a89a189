"""The office network, met in network namespaces as a PC meets it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from checks.kit import gateway
from checks.kit.host import Host
from checks.kit.model import Outcome, Reason
from checks.kit.route import Gateway
from tests.checks.lan_office import NOBODY, found, look
from tests.lab.namespaces import Office, office

ECHO = {"ipv4": "icmp type echo-request", "ipv6": "icmpv6 type echo-request"}


@pytest.fixture
def lab() -> Iterator[Office]:
    """An office that gives up on a neighbour soon."""
    with office() as built:
        built.pc.awaits(*built.ROUTER)
        built.pc.hurries("router")
        yield built


def _gone(lab: Office, *places: int) -> None:
    """The router leaves the office's network, its cable stays; what the PC knew of it is forgotten."""
    for place in places:
        lab.router.ip("addr", "del", f"{lab.ROUTER[place]}/{(24, 64)[place]}", "dev", "pc")
    lab.pc.ip("neigh", "flush", "all")


def test_a_healthy_office_is_described(lab: Office) -> None:
    """Both gateways answer; every number and fact of them is there, and a run costs little."""
    reading = look(lab.pc)
    numbers = found(reading)
    assert (reading.outcome, reading.reason) == (Outcome.OK, None)
    for family in ("ipv4", "ipv6"):
        assert numbers[f"lan_gateway_loss {family}"] == 0.0
        assert 0 < numbers[f"lan_gateway_rtt_min {family}"] <= numbers[f"lan_gateway_rtt {family}"]
        assert numbers[f"lan_gateway_rtt {family}"] <= numbers[f"lan_gateway_rtt_p95 {family}"] < 1
        assert numbers[f"lan_gateway_jitter {family}"] > 0
        spread = numbers[f"lan_gateway_rtt_p95 {family}"] - numbers[f"lan_gateway_rtt {family}"]
        assert numbers[f"lan_gateway_spread {family}"] == pytest.approx(spread)
        assert reading.facts[f"gateway_echo_{family}"] == "answered"
        assert reading.facts[f"echo_method_{family}"] == "icmp_raw"
    assert (numbers["lan_link_up"], numbers["lan_link_mtu"]) == (1.0, 1500.0)
    assert numbers["lan_interface_errors receive"] == 0.0
    assert {name: reading.facts[name] for name in ("interface_kind", "interface_virtual", "echo_stamps")} == {
        "interface_kind": "ethernet",
        "interface_virtual": True,
        "echo_stamps": "kernel",
    }
    assert reading.facts["neighbour_scan"] == "off"
    assert 0 < int(str(reading.facts["used_bytes"])) <= 2 * 10 * (32 + 60)


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_loss_to_the_gateway_is_counted(lab: Office, family: str) -> None:
    """Every fifth request is dropped: 1 of 5."""
    lab.router.filter("input", f"{ECHO[family]} numgen inc mod 5 == 0 drop")
    reading = look(lab.pc, echoes=5)
    assert reading.outcome is Outcome.OK
    assert found(reading)[f"lan_gateway_loss {family}"] == pytest.approx(0.2)


@pytest.mark.parametrize(("family", "other"), [("ipv4", "ipv6"), ("ipv6", "ipv4")])
def test_a_gateway_that_filters_echo_is_not_blamed(lab: Office, family: str, other: str) -> None:
    """It is on the link: no loss is claimed, and the other family is measured all the same."""
    lab.router.filter("input", f"{ECHO[family]} drop")
    lab.pc.ip("neigh", "flush", "all")
    reading = look(lab.pc, echoes=3)
    assert reading.outcome is Outcome.OK
    assert (reading.facts[f"gateway_echo_{family}"], reading.facts[f"gateway_echo_{other}"]) == ("filtered", "answered")
    assert not [sample for sample in reading.samples if sample.labels.get("family") == family]
    assert f"lan_gateway_rtt {other}" in found(reading)


@pytest.mark.parametrize(("place", "name"), [(0, "ipv4"), (1, "ipv6")])
def test_a_gateway_that_is_gone_is_named(lab: Office, place: int, name: str) -> None:
    """Nobody answers on the link for its address."""
    _gone(lab, place)
    reading = look(lab.pc, echoes=3)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.GATEWAY_UNREACHABLE)
    assert reading.facts[f"gateway_echo_{name}"] == "unreachable"
    assert found(reading)[f"lan_gateway_loss {name}"] == 1.0
    assert f"lan_gateway_rtt {name}" not in found(reading)
    assert name in reading.detail


def test_without_a_default_route_the_gateway_is_missing(lab: Office) -> None:
    """The link is up: it is not the cable."""
    lab.pc.ip("-4", "route", "del", "default")
    reading = look(lab.pc, echoes=3)
    assert (reading.outcome, reading.facts["gateway_echo_ipv4"]) == (Outcome.OK, "missing")
    lab.pc.ip("-6", "route", "del", "default")
    reading = look(lab.pc, echoes=3)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.GATEWAY_MISSING)
    assert found(reading)["lan_link_up"] == 1.0


@pytest.mark.parametrize(("space", "interface"), [("router", "pc"), ("pc", "router")])
def test_a_link_without_carrier_is_named(lab: Office, space: str, interface: str) -> None:
    """The cable is out at the other end, or the interface is switched off here."""
    getattr(lab, space).ip("link", "set", interface, "down")
    reading = look(lab.pc, echoes=3)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.LINK_DOWN)
    assert found(reading)["lan_link_up"] == 0.0
    assert not [sample for sample in reading.samples if "family" in sample.labels]


def test_an_office_of_ipv6_only_is_whole() -> None:
    """IPv4 is missing and not missed; the gateway may have a link-local address."""
    with office(ipv4=False) as lab:
        there = lab.router.run("ip", "-6", "-o", "addr", "show", "dev", "pc", "scope", "link").stdout.split()[3]
        lab.pc.ip("-6", "route", "replace", "default", "via", there.partition("/")[0], "dev", "router")
        lab.pc.awaits(lab.ROUTER[1])
        reading = look(lab.pc, echoes=3)
    assert reading.outcome is Outcome.OK
    assert reading.facts["gateway_echo_ipv4"] == "missing"
    assert reading.facts["gateway_echo_ipv6"] == "answered"
    assert (reading.facts["address_kind_ipv4"], reading.facts["address_origin"]) == ("none", "none")


def test_addresses_are_told_by_kind_and_origin_only(lab: Office) -> None:
    """A lease has an end; an address that nobody gave says that DHCP failed; the address itself is nowhere."""
    lab.pc.ip("addr", "replace", "192.168.7.9/24", "dev", "router", "valid_lft", "600", "preferred_lft", "600")
    reading = look(lab.pc, echoes=3)
    assert (reading.facts["address_origin"], reading.facts["address_kind_ipv6"]) == ("dhcp", "public")
    assert 500 < found(reading)["lan_lease_left"] <= 600
    assert "192.168.7.9" not in repr(reading)
    lab.pc.ip("-4", "addr", "flush", "dev", "router")
    lab.pc.ip("addr", "add", "169.254.3.4/16", "dev", "router")
    reading = look(lab.pc, echoes=3)
    assert (reading.facts["address_origin"], reading.facts["address_kind_ipv4"]) == ("link_local", "link_local")


def test_nobody_measures_with_the_systems_ping(lab: Office) -> None:
    """No socket for ICMP is open to it; the rest of the reading is as root's."""
    reading = look(lab.pc, user=NOBODY, echoes=3)
    assert reading.outcome is Outcome.OK
    for family in ("ipv4", "ipv6"):
        assert reading.facts[f"echo_method_{family}"] == "system_ping"
        assert found(reading)[f"lan_gateway_loss {family}"] == 0.0
    assert reading.facts["echo_stamps"] == "tool"
    assert reading.facts["address_kind_ipv4"] == "public"


def test_nobody_without_ping_still_knows_whether_the_gateway_is_there(lab: Office) -> None:
    """From the table of neighbours: no number is made up."""
    reading = look(lab.pc, user=NOBODY, path="/nowhere")
    assert reading.outcome is Outcome.OK
    assert {reading.facts[f"gateway_echo_{family}"] for family in ("ipv4", "ipv6")} == {"present"}
    assert reading.facts["echo_method_ipv4"] == "neighbour_table"
    assert not [sample for sample in reading.samples if "family" in sample.labels]
    _gone(lab, 0)
    assert look(lab.pc, user=NOBODY, path="/nowhere").reason is Reason.GATEWAY_UNREACHABLE


def test_a_firewall_of_the_pcs_own_blames_nobody(lab: Office) -> None:
    """Its requests do not leave and neither does what looks for the router: unknown, not gone."""
    lab.pc.filter("output", "meta nfproto ipv4 drop")
    lab.pc.ip("neigh", "flush", "all")
    reading = look(lab.pc, echoes=3)
    assert (reading.outcome, reading.facts["gateway_echo_ipv4"]) == (Outcome.OK, "silent")


@pytest.mark.parametrize(("memory", "state"), [({}, "filtered"), ({"answered ipv4": Office.ROUTER[0]}, "unreachable")])
def test_a_router_that_used_to_answer_must_prove_itself(lab: Office, memory: dict[str, Any], state: str) -> None:
    """What the kernel believed before the run is up to 45 s old: enough for one that never answered, no more."""
    lab.pc.sysctl("net.ipv4.neigh.router.base_reachable_time_ms", 60000)
    lab.pc.ip("neigh", "flush", "all")
    lab.pc.awaits(lab.ROUTER[0])
    lab.router.filter("input", f"{ECHO['ipv4']} drop")
    time.sleep(0.1)
    way = Gateway("ipv4", lab.ROUTER[0], "router")
    asked = lab.pc.call(lambda: gateway.ask(Host(), way, 1, time.monotonic() + 1.6, memory))
    assert asked.state == state


def test_a_router_that_began_to_filter_is_believed_once_probed(lab: Office) -> None:
    """The stale entry is probed by the kernel, the router answers: filtered, and remembered as such."""
    lab.pc.ip("neigh", "change", lab.ROUTER[0], "dev", "router", "nud", "stale")
    lab.router.filter("input", f"{ECHO['ipv4']} drop")
    memory = {"answered ipv4": lab.ROUTER[0]}
    way = Gateway("ipv4", lab.ROUTER[0], "router")
    asked = lab.pc.call(lambda: gateway.ask(Host(), way, 1, time.monotonic() + 8, memory))
    assert (asked.state, memory) == ("filtered", {})
