"""What devices said becomes observations of the way; what says nothing of it does not."""

from __future__ import annotations

from typing import Any

import pytest

from checks.kit.model import Outcome, Result, Sample
from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import Line, Observation, Topology
from collector.attribution.observe import CLOCK_OFF, Look, ages, observations
from collector.config import SHIPPED
from collector.locality import load
from collector.readiness.model import ALWAYS_OPEN, Calendar
from collector.readiness.profile import Freshness
from tests.collector.attribution.faults import HOUR, MINUTE, NOW
from tests.collector.readiness.cities import DAY, failed, pc, ran

LOOK = Look(freshness=Freshness(30 * MINUTE, DAY))
OPEN = Calendar(open=True, since=NOW - 2 * HOUR, closed_at=NOW - 16 * HOUR, until=NOW + 2 * HOUR)
CLOSED = Calendar(open=False, since=NOW - HOUR, closed_at=NOW - HOUR, until=NOW + 2 * HOUR)


def seen(*results: Result, **more: Any) -> list[tuple[str, str, bool | None, str, str]]:
    """(check, target, ok, reason, reach) of each observation of one PC."""
    found = observations([pc("a", *results, **more)], NOW, LOOK)
    return [(one.check, one.target, one.ok, one.reason, one.reach.value) for one in found]


def stopped(check: str, reason: str, target: str = "", **facts: Any) -> Result:
    return ran(check, target, Outcome.FAILED, reason=reason, facts=facts)


def test_every_system_that_was_asked_is_an_observation() -> None:
    """Reached or not, with the reason and when, oldest device first."""
    found = observations(
        [pc("b", failed("portal", "tcp_timeout", at=NOW - MINUTE)), pc("a", ran("connectivity", "mail"))], NOW, LOOK
    )
    assert found == [
        Observation(device="a", at=NOW, target="mail"),
        Observation(device="b", at=NOW - MINUTE, target="portal", ok=False, reason="tcp_timeout"),
    ]


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.NOT_APPLICABLE])
def test_what_could_not_be_measured_is_no_observation(outcome: Outcome) -> None:
    """It speaks neither for nor against."""
    assert seen(ran("connectivity", "portal", outcome), ran("lan", "", outcome), ran("path", "portal", outcome)) == []


LAN, ACCESS, PROVIDER = "lan", "access", "provider"
NEAR: list[tuple[Result, list[tuple[bool, str, str]]]] = [
    (ran("lan"), [(True, "", LAN)]),
    (stopped("lan", "gateway_unreachable"), [(False, "gateway_unreachable", LAN)]),
    (stopped("lan", "link_down"), [(False, "link_down", LAN)]),
    (ran("uplink"), [(True, "", LAN)]),
    (stopped("uplink", "interface_down"), [(True, "", LAN), (False, "interface_down", ACCESS)]),
    (stopped("uplink", "snmp_timeout"), []),
    (ran("path", "portal"), [(True, "", ACCESS)]),
    (stopped("path", "route_stops", "portal", first_outside_hop=3, responding_hops=4), [(True, "", ACCESS)]),
    (stopped("path", "route_stops", "portal", responding_hops=1), [(True, "", LAN), (False, "route_stops", PROVIDER)]),
    (stopped("path", "route_stops", "portal", responding_hops=0), [(False, "route_stops", PROVIDER)]),
    (stopped("path", "mtu_blackhole", "portal"), [(True, "", LAN), (False, "mtu_blackhole", PROVIDER)]),
    (stopped("path", "dns_timeout", "portal"), []),
    (stopped("path", "dns_timeout", "portal", first_outside_hop=2), [(True, "", ACCESS)]),
    (ran("dns"), [(True, "", LAN)]),
    (stopped("dns", "dns_timeout", servers_answering=0), [(False, "dns_timeout", PROVIDER)]),
    (stopped("dns", "dns_timeout", servers_answering=1), []),
    (stopped("dns", "dns_nxdomain", servers_answering=1), []),
    (stopped("dns", "dns_rewritten", servers_answering=1), [(False, "dns_rewritten", PROVIDER)]),
    (stopped("power", "on_battery"), [(False, "on_battery", "device")]),
    (ran("power"), []),
    (stopped("power", "battery_replace"), []),
]


@pytest.mark.parametrize(("result", "says"), NEAR, ids=lambda value: getattr(value, "reason", None))
def test_a_look_at_the_surroundings_reaches_as_far_as_it_saw(result: Result, says: list[tuple[bool, str, str]]) -> None:
    """And keeps the target only for its network."""
    assert seen(result) == [(result.check, result.target, *one) for one in says]


@pytest.mark.parametrize("check", ["storage", "signing_token", "signing_service", "peripherals", "device", "clock"])
def test_what_a_desk_lacks_lies_on_no_way(check: str) -> None:
    """A full disk or an expired certificate stops no packet."""
    assert seen(stopped(check, "disk_full"), ran(check)) == []


def test_a_result_that_is_too_old_says_nothing_of_now() -> None:
    """By its job's own age; what was seen nearby is forgotten after an hour at most."""
    look = Look(freshness=LOOK.freshness, ages={"connectivity|portal": 2 * HOUR, "lan": 20 * MINUTE, "path": DAY})
    results = [
        ran("connectivity", "portal", at=NOW - 2 * HOUR), ran("connectivity", "mail", at=NOW - HOUR - 1),
        ran("lan", at=NOW - 21 * MINUTE), ran("path", "portal", at=NOW - HOUR), ran("dns", at=NOW - HOUR - 1),
    ]  # fmt: skip
    found = observations([pc("a", *results)], NOW, look)
    assert [(one.check, one.target) for one in found] == [("connectivity", "portal"), ("path", "portal")]


def test_a_result_from_the_future_is_of_now() -> None:
    """It is never newer than the sweep that reads it."""
    assert [one.at for one in observations([pc("a", failed("portal", "x", at=NOW + DAY))], NOW, LOOK)] == [NOW]


@pytest.mark.parametrize("offset", [CLOCK_OFF + 1, -CLOCK_OFF - 1])
def test_a_clock_that_no_certificate_forgives_is_a_fault_of_the_device(offset: float) -> None:
    """Whichever way it is off; less is none."""
    assert seen(offset=offset) == [("agent", "", False, "clock_wrong", "device")]
    assert seen(offset=offset / 1.01) == seen(offset=None) == []


def test_a_device_that_should_report_and_does_not_is_silent() -> None:
    """It says nothing else: what it saw last is of the past. It is silent from when it was last heard of."""
    lost = pc("a", ran("connectivity", "portal"), seen=NOW - 31 * MINUTE)
    found = observations([lost, pc("b", seen=NOW - 30 * MINUTE)], NOW, LOOK)
    assert found == [Observation(device="a", at=NOW - 31 * MINUTE, ok=None, check="agent")]


def test_nobody_is_silent_because_the_collector_was_away() -> None:
    """It misses nobody before it has listened for half an hour; what is heard counts at once."""
    look = Look(freshness=LOOK.freshness, listening_since=NOW)
    devices = [pc("a", seen=NOW - 2 * HOUR), pc("b", ran("connectivity", "portal"), seen=NOW)]
    assert [one.device for one in observations(devices, NOW + 30 * MINUTE, look)] == ["b"]
    assert [one.device for one in observations(devices, NOW + 31 * MINUTE, look) if one.ok is None] == ["a", "b"]


def test_a_ups_that_ran_on_battery_before_the_silence_is_told_with_it() -> None:
    """If it was shortly before."""
    ups = ran("power", "", Outcome.FAILED, reason="on_battery", at=NOW - 45 * MINUTE)
    found = observations([pc("a", ups, seen=NOW - 40 * MINUTE)], NOW, LOOK)
    assert [(one.ok, one.reason, one.at) for one in found] == [
        (None, "", NOW - 40 * MINUTE), (False, "on_battery", NOW - 45 * MINUTE),
    ]  # fmt: skip
    assert len(observations([pc("a", ups, seen=NOW + 30 * MINUTE)], NOW + 2 * HOUR, LOOK)) == 1


def test_nobody_is_silent_because_the_office_is_closed() -> None:
    """Who fell silent before stays so, and so does a router, which nobody switches off."""
    closing, before = NOW - HOUR + MINUTE, NOW - 3 * HOUR
    devices = [pc("a", seen=closing), pc("b", seen=before), pc("c", seen=closing, role="router")]
    assert [one.device for one in observations(devices, NOW, LOOK, CLOSED)] == ["b", "c"]
    assert [one.device for one in observations(devices, NOW, LOOK, ALWAYS_OPEN)] == ["a", "b", "c"]


def test_an_office_that_has_just_opened_has_half_an_hour() -> None:
    """Then who has not come back since closing is silent."""
    off = pc("a", seen=OPEN.closed_at)
    assert observations([off], OPEN.since + 30 * MINUTE, LOOK, OPEN) == []
    assert [one.ok for one in observations([off], OPEN.since + 31 * MINUTE, LOOK, OPEN)] == [None]


def test_a_pc_that_was_put_away_is_not_missed_for_ever() -> None:
    """One alone is left out after a day; a unit of which nothing is heard is never."""
    away, here = pc("a", seen=NOW - 25 * HOUR), pc("b")
    assert observations([away, here], NOW, LOOK) == []
    assert [one.device for one in observations([away, pc("b", seen=NOW - 25 * HOUR)], NOW, LOOK)] == ["a", "b"]


def test_devices_that_take_no_part_say_nothing() -> None:
    """Pending, revoked, or never heard of."""
    results = (failed("portal", "tcp_timeout"),)
    assert observations([pc("a", *results, status="pending"), pc("b", seen=None)], NOW, LOOK) == []


def test_how_old_a_result_may_be_follows_from_how_often_its_job_runs() -> None:
    """Two intervals and the time that a push may wait; out of hours, of the interval then."""
    locality, _ = load(SHIPPED / "localities" / "hcmc.yaml")
    inside, outside = ages(locality, OPEN), ages(locality, CLOSED)
    assert inside["connectivity|dvc-tphcm"] == (2 * 30 + 5) * MINUTE
    assert outside["connectivity|dvc-tphcm"] == (2 * 120 + 5) * MINUTE
    assert inside["connectivity|lien-thong"] == (2 * 180 + 5) * MINUTE
    assert (inside["lan"], inside["uplink"]) == (25 * MINUTE, 15 * MINUTE)
    assert inside["path|dvc-tphcm"] == (2 * 360 + 5) * MINUTE


def test_reach_is_a_segment() -> None:
    """As attribution compares it."""
    (found,) = observations([pc("a", ran("lan", samples=(Sample("x", 1.0),)))], NOW, LOOK)
    assert found.reach is Segment.LAN


def test_a_way_that_ends_at_the_office_does_not_blame_each_line_of_a_provider_that_is_down() -> None:
    """Of three offices no packets pass, their own routers answer, another provider's works: one fault, not three."""
    units = {"a": "27259", "b": "27265", "c": "27301", "d": "27316"}
    ways: dict[str, tuple[Line, ...]] = {
        unit: (Line(provider="Viettel" if device == "d" else "VNPT"),) for device, unit in units.items()
    }
    told: list[Observation] = []
    for device in units:
        ways_of = [failed("portal", "tcp_timeout"), stopped("path", "route_stops", "portal", responding_hops=1)]
        well = [ran("connectivity", "portal"), ran("path", "portal")]
        told += observations([pc(device, ran("lan"), *(well if device == "d" else ways_of))], NOW, LOOK)
    found = attribute(told, Topology(units=units, lines=ways))
    assert [(one.segment.value, one.subject) for one in found] == [(PROVIDER, "VNPT")]
