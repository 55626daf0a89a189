"""Which part of the way is broken, as one round of checks lets a technician say."""

from __future__ import annotations

import itertools

import pytest

from agent.locate import Fault, locate, words
from checks.kit.model import Outcome, Reason, Result, Scalar
from checks.kit.segment import TITLES, Segment

OK, FAILED, ERROR = Outcome.OK, Outcome.FAILED, Outcome.ERROR


def result(check: str, reason: str = "", target: str = "", outcome: Outcome | None = None, **facts: Scalar) -> Result:
    """One result; failed when it has a reason."""
    state = outcome or (FAILED if reason else OK)
    return Result(check=check, target=target, outcome=state, reason=reason, at=0, mono=0, boot="b", facts=dict(facts))


LAN = result("lan")
REACHED, STOPPED = result("path", responding_hops=5, first_outside_hop=2), "route_stops"


def site(reason: str = "", target: str = "a") -> Result:
    return result("connectivity", reason, target)


def test_nothing_is_wrong_when_all_is_reached() -> None:
    """No fault is made up."""
    assert locate([LAN, REACHED, site(), site(target="b"), result("device"), result("dns")]) == []


@pytest.mark.parametrize("reason", ["link_down", "gateway_missing", "gateway_unreachable"])
def test_what_is_near_explains_what_is_far(reason: str) -> None:
    """One cause, with every target that it stops."""
    found = locate([result("lan", reason), result("dns", "dns_timeout"), site("dns_timeout"), site("dns_timeout", "b")])
    assert [(fault.reason, fault.targets) for fault in found] == [(reason, ("a", "b"))]
    assert Segment.LAN in found[0].segments


def test_a_route_that_ends_at_the_office_blames_the_line() -> None:
    """The router answered, nobody behind it did."""
    path = result("path", STOPPED, responding_hops=1, first_outside_hop=None)
    found = locate([LAN, path, site("tcp_timeout"), site("dns_timeout", "b"), site("dns_timeout", "c")])
    assert found == [Fault((Segment.ACCESS,), "dns_timeout", ("a", "b", "c"))]


def test_a_route_that_ends_outside_blames_the_provider() -> None:
    """The line carried the probes."""
    path = result("path", STOPPED, responding_hops=3, first_outside_hop=2)
    assert locate([LAN, path, site("tcp_timeout")]) == [Fault((Segment.PROVIDER,), "tcp_timeout", ("a",))]


def test_one_system_among_others_is_itself_to_blame() -> None:
    """What another target shows to work is not blamed."""
    assert locate([LAN, REACHED, site("tcp_timeout"), site(target="b")]) == [
        Fault((Segment.DESTINATION,), "tcp_timeout", ("a",))
    ]


def test_a_system_that_answers_with_an_error_is_itself_to_blame() -> None:
    """Its answer came all the way."""
    assert locate([LAN, site("http_status"), site("tls_expired", "b")]) == [
        Fault((Segment.DESTINATION,), "http_status", ("a",)),
        Fault((Segment.DESTINATION,), "tls_expired", ("b",)),
    ]


def test_without_a_route_line_and_provider_are_both_named() -> None:
    """Nothing is claimed that was not measured."""
    assert locate([LAN, site("tcp_timeout")]) == [Fault((Segment.ACCESS, Segment.PROVIDER), "tcp_timeout", ("a",))]
    assert locate([site("tcp_timeout")])[0].segments == (Segment.LAN, Segment.ACCESS, Segment.PROVIDER)


def test_names_that_fail_over_a_working_way_are_the_name_servers() -> None:
    """The office's or the provider's."""
    assert locate([LAN, REACHED, site("dns_timeout")])[0].segments == (Segment.LAN, Segment.PROVIDER)


@pytest.mark.parametrize(("outside", "segment"), [(2, Segment.PROVIDER), (None, Segment.ACCESS)])
def test_without_names_what_was_traced_instead_tells(outside: int | None, segment: Segment) -> None:
    """The way to the name server, or to where the name led last."""
    path = result("path", "dns_timeout", traced="name_server", responding_hops=1, first_outside_hop=outside)
    assert locate([LAN, path, site("dns_timeout")]) == [Fault((segment,), "dns_timeout", ("a",))]


@pytest.mark.parametrize(
    ("reason", "segment"),
    [("clock_wrong", Segment.DEVICE), ("captive_portal", Segment.LAN), ("proxy_auth", Segment.LAN)],
)
def test_some_causes_tell_themselves(reason: str, segment: Segment) -> None:
    """Even where another target is reached."""
    assert locate([LAN, site(reason), site(target="b")]) == [Fault((segment,), reason, ("a",))]


def test_what_was_not_measured_blames_nobody() -> None:
    """An error of ours is no fault of the network; nor are the printer's or the clock's."""
    assert locate([result("lan", "permission", outcome=ERROR), site(), result("clock", "ntp_timeout")]) == []


def test_a_reason_of_a_newer_release_is_the_systems() -> None:
    """It is not understood, and does not crash."""
    assert locate([LAN, site("made_later")])[0].segments == (Segment.DESTINATION,)


def test_every_pair_of_reasons_is_placed() -> None:
    """Whatever comes together, every failing target is in exactly one fault."""
    for one, other in itertools.product(Reason, repeat=2):
        found = locate([result("lan", one), site(other), site(other, "b")])
        assert sorted(target for fault in found for target in fault.targets) == ["a", "b"], (one, other)


def test_segments_have_words_in_both_languages() -> None:
    """Alternatives read as such."""
    assert set(TITLES) == set(Segment)
    fault = Fault((Segment.LAN, Segment.ACCESS, Segment.PROVIDER), "tcp_timeout")
    assert words(fault, "en") == "the office network, the line out of the office or the provider's network"
    assert words(fault, "vi").endswith(" hoặc mạng của nhà cung cấp")
    assert words(Fault((Segment.DEVICE,), ""), "vi") == "máy này"


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("signing_token", "cert_expired"),
        ("signing_service", "service_stopped"),
        ("storage", "disk_full"),
        ("power", "on_battery"),
    ],
)
def test_what_a_desk_lacks_is_its_own_fault_and_explains_no_other(check: str, reason: str) -> None:
    """An expired certificate does not stop the line."""
    path = result("path", STOPPED, responding_hops=3, first_outside_hop=2)
    found = locate([LAN, path, site("tcp_timeout"), result(check, reason)])
    assert found == [Fault((Segment.DEVICE,), reason), Fault((Segment.PROVIDER,), "tcp_timeout", ("a",))]


def test_a_time_stamp_server_out_of_reach_is_told_unless_everything_is() -> None:
    """It is one more system."""
    missing = result("signing_service", "tsa_unreachable")
    assert locate([LAN, REACHED, site(), missing]) == [Fault((Segment.DESTINATION,), "tsa_unreachable")]
    assert locate([missing]) == [Fault((Segment.DESTINATION,), "tsa_unreachable")]
    assert [fault.reason for fault in locate([LAN, site("tcp_timeout"), missing])] == ["tcp_timeout"]


def test_a_time_stamp_that_was_refused_was_reached() -> None:
    """Whatever else fails."""
    refused = result("signing_service", "tsa_refused")
    assert [fault.reason for fault in locate([LAN, site("tcp_timeout"), refused])] == ["tcp_timeout", "tsa_refused"]
