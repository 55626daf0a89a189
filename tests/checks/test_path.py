"""What is said of a way, from what its hops answered. No network here."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import hops
from checks.kit.hops import Hop
from checks.kit.model import Outcome, Reason, decode_params
from checks.kit.net import Address, NetError
from checks.kit.pathmtu import Mtu
from checks.kit.trace import Reply, Route
from checks.path import CHECK, Params, Seen, place, summarise

TARGET = "203.0.113.80"
PARAMS = Params(target="dichvucong.example.vn")


def route(*addresses: str, probes: int = 1, kind: str = "reached", rtt: float = 0.001) -> Route:
    """One reply of each hop, ``*`` is a silent one; the last is of `kind`, hop n takes n times `rtt`."""
    replies = [
        Reply(ttl, address, ttl * rtt, kind if ttl == len(addresses) else "exceeded")
        for ttl, address in enumerate(addresses, 1)
        if address != "*"
    ]
    return Route(tuple(replies), (probes,) * len(addresses))


def seen(found: Route, **more: Any) -> Seen:
    return Seen(
        Address("ipv4", (TARGET, 443)), own="192.168.1.20", route=found, method="kernel", protocol="udp", **more
    )


WHOLE = route("192.168.1.1", "10.255.0.1", "100.64.3.1", "*", "203.0.113.1", TARGET)


def values(reading: Any) -> dict[str, float]:
    return {"/".join((found.name, *found.labels.values())): found.value for found in reading.samples}


def test_a_way_is_measured_by_its_stretches() -> None:
    """Office, line, provider and target, each to its far end; a private hop between belongs to nobody."""
    reading = summarise(PARAMS, seen(WHOLE))
    found = values(reading)
    assert (reading.outcome, found["path_reached"], found["path_hops"]) == (Outcome.OK, 1, 6)
    assert [found[f"path_rtt/{name}"] for name in ("lan", "access", "provider", "destination")] == pytest.approx(
        [0.001, 0.003, 0.005, 0.006]
    )
    assert found["path_last_mile_rtt"] == pytest.approx(0.002)
    assert reading.facts["first_outside_hop"] == 3
    assert reading.facts["outside_hops"] == "100.64.3.1 203.0.113.1"
    assert (reading.facts["probed_hops"], reading.facts["responding_hops"]) == (6, 5)


def test_no_address_of_the_office_leaves_it() -> None:
    """Neither the PC's nor its routers', nor that of an inner router that limits packets."""
    limited = seen(WHOLE, mtu=Mtu(1400, "192.168.1.1", blackhole=False), mtu_method="udp", blackhole="no")
    reading = summarise(PARAMS, limited)
    assert reading.facts["mtu_limited_at"] == "office"
    assert not [value for value in reading.facts.values() if "192.168" in str(value) or "10.255" in str(value)]
    provider = seen(WHOLE, mtu=Mtu(1400, "100.64.3.1", blackhole=False))
    assert summarise(PARAMS, provider).facts["mtu_limited_at"] == "100.64.3.1"


@pytest.mark.parametrize(
    ("address", "ttl", "networks", "whose"),
    [
        ("192.168.1.1", 1, (), "office"), ("203.0.113.1", 1, (), "office"), ("100.64.0.1", 1, (), "outside"),
        ("192.168.1.254", 2, (), "office"), ("192.168.2.1", 2, (), "unknown"), ("10.0.0.1", 3, (), "unknown"),
        ("172.31.255.1", 3, (), "unknown"), ("172.32.0.1", 3, (), "outside"), ("100.127.255.1", 3, (), "outside"),
        ("100.128.0.1", 3, (), "outside"), ("10.20.1.1", 2, ("10.20.0.0/16",), "office"),
        ("203.0.113.9", 2, ("203.0.113.8/29",), "office"), ("203.0.113.16", 2, ("203.0.113.8/29",), "outside"),
        ("fe80::1", 2, (), "unknown"), ("fd00::1", 2, (), "unknown"), ("2001:db8::1", 2, (), "outside"),
        ("nonsense", 2, (), "unknown"),
    ],
)  # fmt: skip
def test_whose_a_router_is(address: str, ttl: int, networks: tuple[str, ...], whose: str) -> None:
    """The gateway and known networks are the office's, public and RFC 6598 addresses are outside."""
    assert hops.owner(address, ttl, hops.known("192.168.1.20", networks)) == whose


def test_an_office_with_public_ipv6_keeps_its_own_routers() -> None:
    """Offices get a /56: what shares it with this PC is inside."""
    own = hops.known("2001:db8:1:aa10::20", ())
    assert hops.owner("2001:db8:1:aaff::1", 2, own) == "office"
    assert hops.owner("2001:db8:1:bb00::1", 2, own) == "outside"


def test_loss_is_what_nobody_behind_answers_either() -> None:
    """A router that answers one probe in three while the target answers all loses nothing."""
    replies = [Reply(1, "192.168.1.1", 0.001, "exceeded")]
    replies += [Reply(2, "203.0.113.1", 0.002, "exceeded")] * 2 + [Reply(3, TARGET, 0.003, "reached")] * 2
    found = values(summarise(PARAMS, seen(Route(tuple(replies), (3, 3, 3)))))
    assert [round(found[f"path_loss/{name}"], 3) for name in ("lan", "access", "destination")] == [0.333] * 3


def test_the_last_mile_is_never_below_zero_and_not_guessed() -> None:
    """A gateway slower than what is behind it, and one that does not answer."""
    fast = Route((Reply(1, "192.168.1.1", 0.9, "exceeded"), Reply(2, "203.0.113.1", 0.1, "exceeded")), (1, 1))
    assert values(summarise(PARAMS, seen(fast)))["path_last_mile_rtt"] == 0
    assert "path_last_mile_rtt" not in values(summarise(PARAMS, seen(route("*", "203.0.113.1", TARGET))))
    assert values(summarise(PARAMS, seen(route("100.64.0.1", TARGET))))["path_last_mile_rtt"] == pytest.approx(0.001)


def test_the_fingerprint_is_of_the_routers_outside() -> None:
    """Another gateway leaves it as it is, another provider does not; times have no part in it."""
    first = summarise(PARAMS, seen(route("192.168.1.1", "100.64.3.1", TARGET))).facts["path_fingerprint"]
    again = summarise(PARAMS, seen(route("192.168.1.9", "100.64.3.1", TARGET, rtt=0.2))).facts["path_fingerprint"]
    other = summarise(PARAMS, seen(route("192.168.1.1", "100.64.9.9", TARGET))).facts["path_fingerprint"]
    assert first == again != other
    assert summarise(PARAMS, seen(route("192.168.1.1", TARGET))).facts["path_fingerprint"] is None


A, B = "100.64.0.1", "100.64.0.2"


@pytest.mark.parametrize(
    ("state", "reason", "detail"),
    [
        (seen(route("192.168.1.1", A, "*", "*", kind="exceeded")), Reason.ROUTE_STOPS, "hop 2 was the last to answer"),
        (seen(route("192.168.1.1", A, kind="prohibited")), Reason.ROUTE_STOPS, "hop 2 forbids going on"),
        (seen(route("192.168.1.1", A, kind="unreachable")), Reason.ROUTE_STOPS, "hop 2 knows no way on"),
        (seen(route("*", "*")), Reason.ROUTE_STOPS, "no router on the way answered"),
        (seen(route("192.168.1.1", A, B, A, kind="exceeded")), Reason.ROUTE_LOOP,
         "a router came by again before hop 4"),
        (seen(WHOLE, mtu=Mtu(1412, None, blackhole=True), blackhole="yes"), Reason.MTU_BLACKHOLE,
         "packets larger than 1412 bytes vanish, and nobody says so"),
        (Seen(Address("ipv4", (TARGET, 443)), refusal=NetError(Reason.TCP_TIMEOUT, "slow")), Reason.TCP_TIMEOUT,
         "slow"),
    ],
)  # fmt: skip
def test_each_fault_has_its_reason(state: Seen, reason: Reason, detail: str) -> None:
    """And says where, by number: no address stands in the detail."""
    reading = summarise(PARAMS, state)
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.FAILED, reason, detail)


@pytest.mark.parametrize(
    "state",
    [
        seen(route("192.168.1.1", A, A, TARGET)),
        seen(route("192.168.1.1", A, B, A, TARGET)),
        seen(route("192.168.1.1", "*", "*"), connected=0.02),
        seen(WHOLE, mtu=Mtu(1380, None, blackhole=False), blackhole="udp_only"),
        Seen(Address("ipv4", (TARGET, 443)), connected=0.02),
        Seen(Address("ipv4", (TARGET, 443)), refusal=NetError(Reason.TCP_REFUSED, "")),
    ],
)
def test_a_target_that_answers_is_reached(state: Seen) -> None:
    """However odd the way there looks, and if only its TCP port answers or refuses."""
    reading = summarise(PARAMS, state)
    assert (reading.outcome, values(reading)["path_reached"]) == (Outcome.OK, 1)


def test_a_pc_that_forbids_it_is_no_fault_of_the_way() -> None:
    """Not permitted is not measured."""
    state = Seen(Address("ipv4", (TARGET, 443)), refusal=NetError(Reason.PERMISSION, "forbidden"))
    assert summarise(PARAMS, state).outcome is Outcome.ERROR


hop_addresses = st.sampled_from(["192.168.1.1", "10.0.0.1", A, B, "203.0.113.1", "2001:db8::1", "", "x"])
replies = st.builds(
    Reply, st.integers(0, 70), hop_addresses, st.floats(0, 100), st.sampled_from(["exceeded", "reached", "unreachable"])
)


@given(st.lists(replies, max_size=30), st.lists(st.integers(0, 6), max_size=30))
def test_any_answers_make_a_reading(rows: list[Reply], asked: list[int]) -> None:
    """In any order, from anywhere; loss and times stay in their bounds."""
    reading = summarise(PARAMS, seen(Route(tuple(rows), tuple(asked))))
    declared = {metric.name for metric in CHECK.metrics}
    assert {found.name for found in reading.samples} <= declared
    assert set(reading.facts) == {fact.name for fact in CHECK.facts}
    for found in reading.samples:
        assert found.value >= 0
        assert found.name != "path_loss" or found.value <= 1


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("https://dichvucong.example.vn/a?b", ("dichvucong.example.vn", 443)), ("http://a.vn:8080", ("a.vn", 8080)),
        ("A.vn", ("a.vn", 443)), ("a.vn:22", ("a.vn", 22)), ("192.0.2.1:80", ("192.0.2.1", 80)),
        ("2001:db8::1", ("2001:db8::1", 443)), ("[2001:DB8::1]:80", ("2001:db8::1", 80)),
    ],
)  # fmt: skip
def test_a_target_is_an_address_a_host_or_host_and_port(target: str, found: tuple[str, int]) -> None:
    """443 where nothing is said."""
    assert place(target) == found


@pytest.mark.parametrize(
    "params",
    [
        {}, {"target": ""}, {"target": "file:///etc/passwd"}, {"target": "a b"}, {"target": "a.vn:0"},
        {"target": "a.vn:70000"}, {"target": "a.vn/path"}, {"target": "a.vn", "max_hops": 65},
        {"target": "a.vn", "probes": 7}, {"target": "a.vn", "office_networks": ["10.0.0.0/33"]},
        {"target": "a.vn", "office_networks": ["office"]}, {"target": "a.vn", "office_networks": ["10.0.0.0/"]},
        {"target": "a.vn", "depth": 3},
    ],
)  # fmt: skip
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any]) -> None:
    """When they are read, not when they are used."""
    with pytest.raises(msgspec.ValidationError):
        decode_params(CHECK, params)


def test_a_hop_with_two_routers_is_called_by_the_one_heard_more() -> None:
    """Load shared between lines in spite of all: the times are that router's alone."""
    rows = (Reply(1, A, 0.1, "exceeded"), Reply(1, B, 0.25, "exceeded"), Reply(1, B, 0.75, "exceeded"))
    assert hops.read(Route(rows, (3,)), []) == [Hop(1, B, "outside", 0.5, 0.0)]
