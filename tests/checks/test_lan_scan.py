"""Duplicate addresses and foreign DHCP servers, in an office that has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from checks.kit.child import ChildError
from checks.kit.model import Meter, Outcome, Reason
from checks.kit.scan import Neighbours, Offers, Scanned, Server, scan
from tests.checks.lan_office import NOBODY, found, look
from tests.lab.namespaces import Namespace
from tests.lab.switch import dhcp_server, lan


@pytest.fixture
def switch() -> Iterator[tuple[Namespace, Namespace, Namespace]]:
    """A PC, a router and a third device on one switch."""
    with lan("192.0.2.10", "192.0.2.1", "192.0.2.20") as (pc, router, third):
        pc.ip("route", "add", "default", "via", "192.0.2.1")
        pc.awaits("192.0.2.1")
        yield pc, router, third


def test_neighbours_are_counted_and_the_only_dhcp_server_is_right(
    switch: tuple[Namespace, Namespace, Namespace],
) -> None:
    """Router and third device; nothing is wrong, and no address leaves."""
    pc, router, _ = switch
    with dhcp_server(router, "192.0.2.1"):
        reading = look(pc, neighbours=True, echoes=3)
    numbers = found(reading)
    assert (reading.outcome, reading.facts["neighbour_scan"]) == (Outcome.OK, "scapy")
    assert (numbers["lan_neighbours"], numbers["lan_duplicate_addresses"], numbers["lan_dhcp_servers"]) == (2, 0, 1)
    assert "192.0.2." not in repr(reading)


def test_two_devices_with_one_address_are_a_conflict(
    switch: tuple[Namespace, Namespace, Namespace],
) -> None:
    """This PC's own here; what the program sees of others' is tested with it."""
    pc, _, third = switch
    third.ip("addr", "add", "192.0.2.10/24", "dev", "lan")
    reading = look(pc, neighbours=True, echoes=3)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.ADDRESS_CONFLICT)


def test_a_second_dhcp_server_is_a_rogue(
    switch: tuple[Namespace, Namespace, Namespace],
) -> None:
    """The right one is named."""
    pc, router, third = switch
    with dhcp_server(router, "192.0.2.1"), dhcp_server(third, "192.0.2.20"):
        reading = look(pc, neighbours=True, echoes=3, dhcp_servers=["192.0.2.1"])
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.ROGUE_DHCP)
    assert found(reading)["lan_dhcp_servers"] == 2


def test_without_rights_the_scan_says_so_and_the_rest_stands(
    switch: tuple[Namespace, Namespace, Namespace],
) -> None:
    """The gateway is measured all the same."""
    reading = look(switch[0], user=NOBODY, neighbours=True, echoes=3)
    assert (reading.outcome, reading.facts["neighbour_scan"]) == (Outcome.OK, "no_rights")
    assert "lan_gateway_rtt ipv4" in found(reading)
    assert "lan_neighbours" not in found(reading)


class Program:
    """A child that answers from a table, or fails."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        assert function == "checks.kit.raw"
        assert 0 < argument["timeout"] <= timeout
        found = self.answers[argument["do"]]
        if isinstance(found, ChildError):
            raise found
        return found


@pytest.mark.parametrize(
    ("reason", "detail", "method"),
    [
        (Reason.CHILD_CRASHED, "permission", "no_rights"),
        (Reason.CHILD_CRASHED, "unavailable", "unavailable"),
        (Reason.CHILD_CRASHED, "it was killed by SIGSEGV", "failed"),
        (Reason.CHILD_HUNG, "no answer within 8 s", "failed"),
    ],
)
def test_a_scan_that_fails_says_how(reason: Reason, detail: str, method: str) -> None:
    """And says nothing about the network."""
    program = Program(neighbours=ChildError(reason, detail))
    assert scan(program, "eth0", 16.0, Meter()) == Scanned(method)


def test_what_was_learnt_before_a_failure_is_kept_and_what_was_used_is_counted() -> None:
    """The neighbours answered, the DHCP part crashed."""
    known, meter = Neighbours(3, 0, False, sent=84, received=60), Meter()
    half = scan(Program(neighbours=known, dhcp=ChildError(Reason.CHILD_CRASHED, "x")), "eth0", 16.0, meter)
    assert half == Scanned("failed", known)
    assert (meter.sockets, meter.sent, meter.received) == (1, 84, 60)
    whole = scan(Program(neighbours=known, dhcp=Offers((Server("192.0.2.1"),), 300, 350)), "eth0", 16.0, meter)
    assert whole == Scanned("scapy", known, frozenset({"192.0.2.1"}))
    assert (meter.sockets, meter.sent, meter.received) == (3, 468, 470)
