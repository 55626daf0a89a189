"""Both families, and this PC's own link, on an office of real interfaces: pc — router — isp — server."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from checks.connectivity import CHECK
from checks.kit.model import Meter, Outcome, Reading, Reason, decode_params
from checks.kit.net import Lookup, Net
from tests.checks.certs import Authority
from tests.checks.conftest import environment, values
from tests.checks.servers import Server, http, say
from tests.lab.namespaces import Namespace, Office, office

FOUR, SIX = Office.SERVER
NAME = "he-thong.example"
PORT = 8443
OK = say(http(200, b"ok"))


@pytest.fixture(scope="module")
def dual() -> Iterator[Office]:
    with office() as built:
        for address in (FOUR, SIX):
            built.pc.call(lambda address=address: _acquaint(address))  # type: ignore[misc]
        yield built


def _acquaint(address: str) -> None:
    """Lets the neighbours find each other: the first packet of a fresh network may take a second."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            socket.create_connection((address, PORT), 5).close()
        if time.monotonic() - started < 0.05:
            return


def both(_host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
    """A and AAAA, IPv6 preferred, as the system's resolver orders them."""
    return [(10, 1, 6, "", (SIX, port, 0, 0)), (2, 1, 6, "", (FOUR, port))]


def from_pc(
    built: Office, *, net: Net | None = None, lookup: Lookup = both, url: str = f"http://{NAME}:{PORT}/", **params: Any
) -> Reading:
    """The check, run in the office's PC."""
    env = environment(net or Net(lookup))
    wanted = decode_params(CHECK, {"url": url, "proxy": "none", **params})
    found: Reading = built.pc.call(lambda: CHECK.run(wanted, env))
    return found


@contextlib.contextmanager
def serving(built: Office, answer: Any = OK, context: Any = None) -> Iterator[Server]:
    host = "::" if len(built.families) == 2 else Office.SERVER[built.families[0]]
    with built.server.call(lambda: Server(answer, context, host=host, port=PORT)) as server:
        yield server


@contextlib.contextmanager
def filtering(space: Namespace, *rules: str) -> Iterator[None]:
    """`rules` of nft on what this namespace passes on, gone at the end."""
    space.run("nft", "add table inet t; add chain inet t pass { type filter hook forward priority 0; }")
    for rule in rules:
        space.run("nft", f"add rule inet t pass {rule}")
    try:
        yield
    finally:
        space.run("nft", "delete table inet t")


def test_both_families_are_tried_and_reported_apart(dual: Office) -> None:
    """The preferred one goes on."""
    with serving(dual):
        reading = from_pc(dual)
    assert reading.outcome is Outcome.OK
    facts = {name: reading.facts[name] for name in ("ipv4", "ipv6", "happy_eyeballs", "address_family")}
    assert facts == {"ipv4": "works", "ipv6": "works", "happy_eyeballs": "ipv6", "address_family": "ipv6"}
    found = values(reading)
    assert found["connectivity_family_up:ipv4"] == found["connectivity_family_up:ipv6"] == 1
    assert found["phase:tcp"] == found["connectivity_family_connect:ipv6"]
    assert 0 < found["connectivity_family_connect:ipv4"] < 1


def test_a_dead_ipv6_is_reported_and_not_held_against_the_system(dual: Office) -> None:
    """Its silence costs 250 ms of the answer, and does not eat the deadline."""
    with serving(dual), filtering(dual.router, "ip6 daddr 2001:db8:3::/64 tcp dport 8443 drop"):
        started = time.monotonic()
        reading = from_pc(dual, timeout=2)
        took = time.monotonic() - started
    assert reading.outcome is Outcome.OK
    assert (reading.facts["ipv4"], reading.facts["ipv6"]) == ("works", "tcp_timeout")
    assert reading.facts["happy_eyeballs"] == reading.facts["address_family"] == "ipv4"
    found = values(reading)
    assert (found["connectivity_family_up:ipv4"], found["connectivity_family_up:ipv6"]) == (1, 0)
    assert "connectivity_family_connect:ipv6" not in found
    assert 0.25 <= found["connectivity_duration"] < 1.5
    assert took < 6


def test_a_family_without_a_route_is_unreachable_and_not_held_against_the_system(dual: Office) -> None:
    """The name has an AAAA, the office no IPv6."""
    dual.pc.ip("-6", "route", "del", "default")
    try:
        with serving(dual):
            reading = from_pc(dual)
    finally:
        dual.pc.ip("-6", "route", "add", "default", "via", Office.ROUTER[1])
    assert reading.outcome is Outcome.OK
    assert (reading.facts["ipv4"], reading.facts["ipv6"]) == ("works", "tcp_unreachable")


def test_a_family_that_loses_large_packets_gives_way_to_the_other(dual: Office, authority: Authority) -> None:
    """A path that takes the connection and swallows the certificate: the system itself works, and IPv6 is named."""
    context, _ = authority.server((NAME,))
    with (
        serving(dual, OK, context),
        filtering(dual.isp, "ip6 saddr 2001:db8:3::/64 tcp sport 8443 meta length > 500 drop"),
    ):
        reading = from_pc(dual, url=f"https://{NAME}:{PORT}/", ca_file=authority.ca_file, timeout=1)
    assert reading.outcome is Outcome.OK
    assert (reading.facts["ipv4"], reading.facts["ipv6"]) == ("works", "tls_timeout")
    assert (reading.facts["happy_eyeballs"], reading.facts["address_family"]) == ("ipv6", "ipv4")
    found = values(reading)
    assert found["phase:tcp"] != found["connectivity_family_connect:ipv6"]
    assert found["connectivity_family_up:ipv6"] == 0


def test_an_office_with_ipv6_only_reaches_systems_that_have_it() -> None:
    """And one that has only IPv4 is unreachable from there."""
    with office(ipv4=False) as built, serving(built):
        reached = from_pc(built, url=f"http://[{SIX}]:{PORT}/")
        named = from_pc(built)
        old = from_pc(built, lookup=lambda _h, port, **_: [(2, 1, 6, "", (FOUR, port))], timeout=2)
    assert (reached.outcome, named.outcome) == (Outcome.OK, Outcome.OK)
    assert (named.facts["ipv4"], named.facts["ipv6"]) == ("tcp_unreachable", "works")
    assert (old.reason, old.facts["own_link"]) == (Reason.TCP_UNREACHABLE, "works")


def test_a_half_open_connection_is_a_silent_system(dual: Office) -> None:
    """The connection stands, and nothing that is sent on it arrives; the router answers, so the link is not blamed."""
    with serving(dual), filtering(dual.router, "tcp dport 8443 tcp flags & psh == psh drop"):
        reading = from_pc(dual, url=f"http://{FOUR}:{PORT}/", timeout=0.5)
    assert (reading.reason, reading.detail) == (Reason.HTTP_TIMEOUT, "no answer in time while reading the answer")
    assert (reading.facts["ipv4"], reading.facts["own_link"]) == ("works", "works")


def test_a_dead_router_is_this_offices_own_link() -> None:
    """Nobody answers here: the system is not blamed, and twenty targets ask once."""
    meter = Meter()
    with office() as built, serving(built):
        built.router.ip("link", "set", "pc", "down")
        net = Net(both, meter=meter)
        anchors = [f"http://{FOUR}:{PORT}/", f"[{SIX}]:{PORT}"]
        readings = [from_pc(built, net=net, timeout=0.5, anchors=anchors) for _ in range(2)]
        asked = meter.sockets
    assert {(one.outcome, one.reason) for one in readings} == {(Outcome.FAILED, Reason.OWN_LINK_DOWN)}
    assert readings[0].detail.startswith("no router and no anchor answers; the system: ")
    assert {one.facts["own_link"] for one in readings} == {"down"}
    assert asked == 2 * (1 + 2) + 2 + 2  # each run a lookup and two connects, once two pings and two anchors


def test_a_pc_without_a_route_has_no_link() -> None:
    """Nothing to ask, and nothing works."""
    with office(ipv6=False) as built:
        built.pc.ip("route", "del", "default")
        reading = from_pc(built, timeout=0.5)
    assert reading.reason is Reason.OWN_LINK_DOWN


def test_an_anchor_that_answers_excuses_a_silent_router(dual: Office) -> None:
    """The router drops echo requests; what lies behind it is reached, so the system is to blame."""
    dual.router.run("nft", "add table inet q; add chain inet q in { type filter hook input priority 0; policy drop; }")
    dual.router.run("nft", "add rule inet q in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept")
    try:
        with serving(dual), filtering(dual.router, "tcp dport 9 drop"):
            reading = from_pc(dual, url=f"http://{FOUR}:9/", timeout=0.5, anchors=[f"{FOUR}:{PORT}"])
    finally:
        dual.router.run("nft", "delete table inet q")
    assert (reading.reason, reading.facts["own_link"]) == (Reason.TCP_TIMEOUT, "works")


def test_an_anchor_that_refuses_has_answered(dual: Office) -> None:
    """Its refusal came from past the link."""
    with filtering(dual.router, "tcp dport 9 drop"):
        dual.router.run("nft", "add chain inet t in { type filter hook input priority 0; policy drop; }")
        dual.router.run("nft", "add rule inet t in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept")
        reading = from_pc(dual, url=f"http://{FOUR}:9/", timeout=0.5, anchors=[f"{FOUR}:10"])
    assert (reading.reason, reading.facts["own_link"]) == (Reason.TCP_TIMEOUT, "works")


def test_a_system_that_is_down_behind_a_good_link_is_to_blame(dual: Office) -> None:
    """The router alone decides when no anchor is given."""
    with filtering(dual.isp, "tcp dport 9 drop"):
        reading = from_pc(dual, url=f"http://{FOUR}:9/", timeout=0.5)
    assert (reading.reason, reading.facts["own_link"]) == (Reason.TCP_TIMEOUT, "works")


def test_a_service_of_this_pc_says_nothing_of_its_link(dual: Office) -> None:
    """Nobody is asked for it."""
    with dual.pc.call(lambda: Server(lambda connection, _: time.sleep(1))) as server:
        reading = from_pc(dual, url=f"http://127.0.0.1:{server.port}/", timeout=0.3)
    assert reading.reason is Reason.HTTP_TIMEOUT
    assert "own_link" not in reading.facts
