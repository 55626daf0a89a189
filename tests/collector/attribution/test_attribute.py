"""Which part is blamed for what fails, in a small city."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import Observation, Topology
from tests.collector.attribution.attribute_small import (
    INSIDE,
    MINUTE,
    NOW,
    TOPOLOGY,
    UNITS,
    Probe,
    look,
    places,
    round_of,
    silent,
)

Fails = Callable[[Probe], str | bool]
CASES: dict[str, tuple[Fails, tuple[str, ...]]] = {
    "a PC": (lambda p: p.device == "26734-b", ("device", "", "26734-b", "unreachable")),
    "an office": (lambda p: p.unit == "26734", ("lan", "", "26734", "unreachable")),
    "a line": (lambda p: p.unit == "26734" and p.internet, ("access", "internet", "26734", "unreachable")),
    "a dedicated line": (lambda p: p.unit == "26734" and not p.internet, ("access", "tslcd", "26734", "unreachable")),
    "a provider": (
        lambda p: p.unit in UNITS[:2] and p.internet, ("provider", "internet", "vnpt", "unreachable"),
    ),
    "a system": (lambda p: p.target == "dvc", ("destination", "", "dvc", "unreachable")),
    "a wrong answer": (lambda p: p.target == "dvc" and "http_status", ("destination", "", "dvc", "service")),
    "a past certificate": (lambda p: p.target == "dvc" and "tls_expired", ("destination", "", "dvc", "certificate")),
    "a certificate of tomorrow": (
        lambda p: p.target == "dvc" and "tls_not_yet_valid", ("destination", "", "dvc", "certificate"),
    ),
    "a slow clock": (lambda p: p.device == "26734-b" and "tls_not_yet_valid", ("device", "", "26734-b", "clock")),
    "a fast clock": (lambda p: p.device == "26734-b" and "tls_expired", ("device", "", "26734-b", "clock")),
    "a clock, once": (
        lambda p: p.device == "26734-b" and p.target == "dvc" and "clock_wrong", ("device", "", "26734-b", "clock"),
    ),
    "a portal": (lambda p: p.unit == "26737" and "captive_portal", ("lan", "", "26737", "captive_portal")),
    "a portal for one": (
        lambda p: p.device == "26737-c" and "captive_portal", ("device", "", "26737-c", "captive_portal"),
    ),
    "a proxy": (lambda p: p.unit == "26737" and "proxy_auth", ("lan", "", "26737", "proxy")),
    "names": (lambda p: p.unit == "26737" and "dns_timeout", ("lan", "", "26737", "dns")),
    "names of a provider": (
        lambda p: p.unit in UNITS[2:] and p.internet and "dns_servfail", ("provider", "internet", "viettel", "dns"),
    ),
    "one name": (lambda p: p.target == "mail" and "dns_nxdomain", ("destination", "", "mail", "dns")),
    "an own link": (lambda p: p.device == "26737-c" and "own_link_down", ("device", "", "26737-c", "own_link")),
    "a router": (lambda p: p.unit == "26737" and "own_link_down", ("lan", "", "26737", "router")),
    "an interceptor on a PC": (
        lambda p: p.device == "26737-c" and "tls_intercepted", ("device", "", "26737-c", "intercepted"),
    ),
    "an interceptor in an office": (
        lambda p: p.unit == "26737" and "tls_intercepted", ("lan", "", "26737", "intercepted"),
    ),
    "a slow system": (lambda p: p.target == "van-ban" and "http_slow", ("destination", "", "van-ban", "slow")),
    "a new reason": (lambda p: p.target == "mail" and "new_word", ("destination", "", "mail", "unreachable")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_fault_is_one_finding_where_it_is(case: str) -> None:
    fails, expected = CASES[case]
    assert places(round_of(fails)) == [expected]


def test_two_faults_at_once_are_two_findings() -> None:
    """A provider and a system that its offices cannot reach anyway; the other offices tell of the system."""
    both = round_of(lambda p: (p.unit in UNITS[:2] and p.internet) or p.target == "mail")
    assert places(both) == [
        ("destination", "", "mail", "unreachable"),
        ("provider", "internet", "vnpt", "unreachable"),
    ]


def test_a_finding_says_whom_it_stops_and_what_speaks_for_it() -> None:
    (found,) = attribute(round_of(lambda p: p.unit == "26734" and p.internet), TOPOLOGY)
    assert found.units == ("26734",)
    assert found.devices == tuple(f"26734-{one}" for one in INSIDE)
    assert found.targets == ("dvc", "mail", "van-ban")
    assert (found.failing, found.working, found.reason) == (9, 0, "tcp_timeout")
    assert (found.first, found.last) == (NOW, NOW)
    assert found.also == ()
    assert 0.8 < found.confidence < 1


def test_what_cannot_be_told_apart_stands_beside_it() -> None:
    """Without the dedicated network, and without a look around, an office's LAN and its line are the same."""
    internet = [one for one in round_of(lambda p: p.unit == "26734") if one.target != "tslcd-dvc"]
    (found,) = attribute(internet, TOPOLOGY)
    assert (found.segment, found.also) == (Segment.ACCESS, (Segment.LAN,))
    looked = [*internet, *(look(f"26734-{one}") for one in INSIDE)]
    (found,) = attribute(looked, TOPOLOGY)
    assert (found.segment, found.also) == (Segment.ACCESS, ())
    failed = [*internet, *(look(f"26734-{one}", "gateway_unreachable") for one in INSIDE)]
    assert [one.segment for one in attribute(failed, TOPOLOGY)] == [Segment.LAN]


def test_a_router_that_says_its_line_is_down_settles_it() -> None:
    """Names that nobody resolves then say nothing of the resolver."""
    internet = [one for one in round_of(lambda p: p.unit == "26734" and "dns_timeout") if one.target != "tslcd-dvc"]
    assert places(internet) == [("lan", "", "26734", "dns")]
    down = look("26734-a", "interface_down", check="uplink", reach=Segment.ACCESS)
    assert [one[:3] for one in places([*internet, down])] == [("access", "internet", "26734")]


def test_a_unit_whose_provider_is_not_known_shares_none() -> None:
    alone = Topology(units=TOPOLOGY.units, networks=TOPOLOGY.networks)
    both = round_of(lambda p: p.unit in UNITS[:2] and p.internet)
    assert {one[:3] for one in places(both, alone)} == {("access", "internet", unit) for unit in UNITS[:2]}


def test_a_conflict_of_addresses_is_the_offices_however_few_see_it() -> None:
    seen = [*round_of(lambda p: p.device == "26734-a"), look("26734-a", "address_conflict")]
    assert places(seen) == [("lan", "", "26734", "address_conflict")]


def test_the_city_of_one_pc_has_findings_too() -> None:
    one = Topology(units={"pc": "26734"})
    assert places([Observation(device="pc", at=NOW, target="dvc", ok=False, reason="tls_expired")], one) == [
        ("destination", "", "dvc", "certificate")
    ]
    rest = [Observation(device="pc", at=NOW, target=f"{number}", ok=False, reason="tcp_timeout") for number in range(4)]
    (found,) = attribute(rest, one)
    assert found.segment is Segment.ACCESS
    assert found.also == (Segment.DEVICE, Segment.LAN)


def test_a_system_that_one_provider_does_not_reach_is_that_providers() -> None:
    seen = round_of(lambda p: p.unit in UNITS[:2] and p.target == "dvc")
    assert places(seen) == [("provider", "internet", "vnpt", "unreachable")]


def test_a_conflict_explains_its_neighbours_failures_while_the_office_still_works() -> None:
    seen = [*round_of(lambda p: p.device == "26734-b"), look("26734-a", "rogue_dhcp")]
    assert places(seen) == [("lan", "", "26734", "address_conflict")]


def test_noise_that_is_the_same_everywhere_is_nobodys() -> None:
    """One probe in twenty fails, by chance, in forty offices."""
    chance = random.Random(7)
    offices = {f"{number}-{one}": f"{number}" for number in range(40) for one in range(8)}
    wide = Topology(units=offices, lines=dict.fromkeys(offices.values(), TOPOLOGY.lines["26734"]))
    seen = [
        Observation(device=device, at=NOW, target=f"{target}", ok=chance.random() > 0.05, reason="tcp_timeout")
        for device in offices for target in range(8)
    ]  # fmt: skip
    assert places(seen, wide) == []


def test_a_single_failure_among_successes_is_noise() -> None:
    assert places(round_of(lambda p: p.device == "26734-a" and p.target == "dvc")) == []


def test_a_part_that_fails_now_and_then_is_found_in_a_window() -> None:
    flaps = [
        one for minute in range(6)
        for one in round_of(lambda p, m=minute: p.target == "dvc" and m % 2 == 0, at=NOW + minute * MINUTE)  # type: ignore[misc]
    ]  # fmt: skip
    assert places(flaps) == [("destination", "", "dvc", "unreachable")]


def test_what_a_desk_lacks_lies_on_no_way() -> None:
    for check, reason in (("storage", "disk_full"), ("signing_token", "token_absent"), ("uplink", "snmp_timeout")):
        assert places([*round_of(lambda p: False), look("26734-a", reason, check=check)]) == []


# Silence


def heard(*units: str) -> list[Observation]:
    return [one for one in round_of(lambda p: False, at=NOW + 5 * MINUTE) if TOPOLOGY.units[one.device] in units]


def test_a_pc_that_is_silent_beside_others_has_stopped() -> None:
    others = [one for one in heard(*UNITS) if one.device != "26734-a"]
    assert places([*others, silent("26734-a")]) == [("device", "", "26734-a", "agent_stopped")]


def test_an_office_that_falls_silent_at_once_has_no_power() -> None:
    gone = [silent(f"26734-{one}", NOW + number * MINUTE) for number, one in enumerate(INSIDE)]
    (found,) = attribute([*heard(*UNITS[1:]), *gone], TOPOLOGY)
    assert (found.segment, found.subject, found.cause.value) == (Segment.LAN, "26734", "power")
    assert (found.first, found.last, found.also) == (NOW, NOW + 2 * MINUTE, (Segment.ACCESS,))


def test_pcs_that_fell_silent_one_after_another_stopped_each_for_itself() -> None:
    gone = [silent(f"26734-{one}", NOW - number * 90 * MINUTE) for number, one in enumerate(INSIDE)]
    found = places([*heard(*UNITS[1:]), *gone])
    assert [one[0] for one in found] == ["device"] * 3


def test_a_battery_tells_a_power_cut() -> None:
    battery = Observation(device="26734-a", at=NOW, ok=False, reason="on_battery", check="power", reach=Segment.DEVICE)
    gone = [silent(f"26734-{one}") for one in INSIDE]
    (found,) = attribute([*heard(*UNITS[1:]), *gone, battery], TOPOLOGY)
    assert (found.segment, found.subject, found.cause.value, found.also) == (Segment.LAN, "26734", "power", ())
    assert found.reason == "on_battery"
    alone = [*round_of(lambda p: False), battery]
    assert places(alone) == [("device", "", "26734-a", "power")]


def test_silence_behind_a_fault_that_is_known_belongs_to_it() -> None:
    line = round_of(lambda p: p.unit == "26734" and p.internet, at=NOW)
    spoke = [one for one in line if one.device != "26734-c"]
    (found,) = attribute([*spoke, silent("26734-c")], TOPOLOGY)
    assert found.segment is Segment.ACCESS
    assert "26734-c" in found.devices


def test_a_provider_whose_offices_all_fall_silent_is_one_finding() -> None:
    many = Topology(
        units={f"{unit}-{one}": f"{unit}" for unit in range(8) for one in "ab"},
        lines={f"{unit}": TOPOLOGY.lines["26734" if unit % 2 else "26743"] for unit in range(8)},
    )
    quiet = [
        silent(device) if int(unit) % 2 else Observation(device=device, at=NOW + MINUTE, target="dvc")
        for device, unit in many.units.items()
    ]
    (found,) = attribute(quiet, many)
    assert (found.segment, found.subject, found.units) == (Segment.PROVIDER, "vnpt", ("1", "3", "5", "7"))


def test_a_city_that_nobody_reports_from_blames_nobody() -> None:
    """It is the collector that hears nothing."""
    assert places([silent(device) for device in TOPOLOGY.units]) == []


def test_one_who_was_heard_since_is_not_silent() -> None:
    assert places([*heard(*UNITS), silent("26734-a", NOW)]) == []
