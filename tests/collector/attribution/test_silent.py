"""Why nothing is heard: a sign for each cause, and nothing is guessed without one."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome, Result, Sample
from collector.attribution.around import ALONE, Around, Neighbour, around
from collector.attribution.model import Cause
from collector.attribution.silent import Sign, Silent, Why, why_device_silent, why_silent
from collector.readiness.model import Calendar, DeviceFacts, UnitFacts
from collector.readiness.profile import Freshness
from tests.collector.attribution.faults import HOUR, MINUTE, NOW, UNITS, access, lan
from tests.collector.readiness.cities import DAY, XOM_CHIEU, failed, pc, ran

FRESHNESS = Freshness(30 * MINUTE, DAY)
SINCE = NOW - HOUR
OPEN = Calendar(open=True, since=NOW - 2 * HOUR, closed_at=NOW - 16 * HOUR)


def unit(*devices: DeviceFacts, calendar: Calendar = OPEN) -> UnitFacts:
    return UnitFacts(unit=UNITS[0], expected=len(devices), devices=list(devices), targets=[], calendar=calendar)


def off(name: str, *results: Result, ago: int = HOUR, **more: Any) -> DeviceFacts:
    """A device that was last heard of `ago` µs before now."""
    return pc(name, *results, seen=NOW - ago, **more)


def why(facts: UnitFacts, around: Around = ALONE) -> Silent:
    found = why_silent(facts, FRESHNESS, NOW, around)
    assert found is not None
    return found


def why_device(device: DeviceFacts, *others: DeviceFacts, calendar: Calendar = OPEN) -> Silent:
    found = why_device_silent(device, unit(device, *others, calendar=calendar), FRESHNESS, NOW)
    assert found is not None
    return found


def near(unit: str, provider: str = "", since: int | None = None, is_near: bool = True) -> Neighbour:
    return Neighbour(unit=unit, provider=provider, silent_since=since, is_near=is_near)


def on_battery(ago: int = HOUR) -> Result:
    return ran("power", "", Outcome.FAILED, reason="on_battery", at=NOW - ago)


def unplugged(ago: int = HOUR) -> Result:
    return ran("power", at=NOW - ago, samples=(Sample("power_mains", 0.0),))


def test_a_unit_of_which_anything_is_heard_is_not_silent() -> None:
    """Its router is enough."""
    assert why_silent(unit(off("a"), pc("r", role="router")), FRESHNESS, NOW) is None
    assert why_device_silent(pc("a"), unit(pc("a")), FRESHNESS, NOW) is None


def test_without_devices_nobody_was_enrolled() -> None:
    """One that waits for approval does not count."""
    assert why(unit(pc("a", status="pending"))) == Silent(cause=Why.NEVER_ENROLLED, confidence=1.0)


def test_what_was_enrolled_and_never_heard_of_has_never_reported() -> None:
    """Since its enrolment; the unit since its first one's."""
    first, second = (pc(name, seen=None, enrolled_at=NOW - ago) for name, ago in (("a", HOUR), ("b", DAY)))
    assert why(unit(first, second)) == Silent(cause=Why.NEVER_REPORTED, since=NOW - DAY, confidence=1.0)
    assert why_device(first, pc("c")) == Silent(cause=Why.NEVER_REPORTED, since=NOW - HOUR, confidence=1.0)


def test_after_closing_the_pcs_are_off() -> None:
    """Each, and all; but not the one that fell silent before."""
    closed = Calendar(open=False, since=NOW - HOUR, closed_at=NOW - HOUR)
    after = Silent(cause=Why.OFFICE_CLOSED, since=NOW - HOUR, signs=(Sign("closed", at=NOW - HOUR),), confidence=0.9)
    assert why(unit(off("a"), off("b", ago=HOUR + MINUTE), calendar=closed)) == after
    router = pc("r", role="router")
    assert why_device(off("a"), router, calendar=closed) == after
    assert why_device(off("a", ago=3 * HOUR), router, calendar=closed).cause is Why.UNKNOWN


def test_when_nobody_at_all_is_heard_it_is_the_collector() -> None:
    """Whoever the provider is; two units alone may be a coincidence."""
    everyone = Around(neighbours=(near("1", "VNPT", SINCE), near("2", "FPT", SINCE + MINUTE)))
    found = why(unit(off("a"), off("b")), everyone)
    assert (found.cause, found.signs) == (Why.COLLECTOR_AWAY, (Sign("every_unit", count=3),))
    assert why(unit(off("a"), off("b")), Around(neighbours=everyone.neighbours[:1])).cause is Why.UNKNOWN
    reports = Around(neighbours=(*everyone.neighbours, near("3")))
    assert why(unit(off("a"), off("b")), reports).cause is not Why.COLLECTOR_AWAY


def test_a_collector_that_has_only_just_started_was_away_itself() -> None:
    """Until it has listened for half an hour."""
    facts = unit(off("a"), off("b"))
    found = why(facts, Around(listening_since=NOW - 10 * MINUTE))
    assert (found.cause, found.signs) == (Why.COLLECTOR_AWAY, (Sign("started", at=NOW - 10 * MINUTE),))
    assert why(facts, Around(listening_since=NOW - 31 * MINUTE)).cause is Why.UNKNOWN
    assert why(facts, Around(listening_since=SINCE)).cause is Why.UNKNOWN


@pytest.mark.parametrize(
    "last",
    [on_battery(), ran("uplink", at=SINCE, facts={"ups_source": "battery"})],
    ids=["at a PC", "at the router"],
)
def test_a_ups_on_battery_before_the_silence_means_no_power(last: Result) -> None:
    """And that all stopped together goes with it."""
    found = why(unit(replace(off("a", last), name="Q01"), off("b", ago=HOUR + MINUTE)))
    assert found == Silent(
        cause=Why.POWER_CUT,
        since=SINCE,
        signs=(Sign("ups", at=SINCE, name="Q01"), Sign("together", count=2, at=SINCE - MINUTE)),
        confidence=0.9,
    )


def test_an_old_warning_of_the_ups_says_nothing() -> None:
    """The power came back in between."""
    assert why(unit(off("a", on_battery(2 * HOUR)), off("b"))).cause is Why.UNKNOWN


def test_portable_pcs_on_battery_show_a_power_cut_when_there_are_several() -> None:
    """One alone was carried about."""
    found = why(unit(off("a", unplugged()), off("b", unplugged()), off("c")))
    assert (found.cause, found.confidence) == (Why.POWER_CUT, 0.7)
    assert found.signs[0] == Sign("discharging", count=2, of=3)
    assert why(unit(off("a", unplugged()), off("b"), off("c"))).cause is Why.UNKNOWN


def test_a_finding_that_covers_the_unit_tells_that_its_line_is_down() -> None:
    """As surely as it is found; one of the office's own network does not."""
    line = replace(access(confidence=0.85), id="abcd2345")
    found = why(unit(off("a"), off("b")), Around(findings=(line,)))
    assert (found.cause, found.confidence) == (Why.LINE_DOWN, 0.85)
    assert found.signs[0] == Sign("finding", count=1, name="abcd2345")
    assert why(unit(off("a"), off("b")), Around(findings=(lan(cause=Cause.POWER),))).cause is Why.UNKNOWN


def test_a_router_that_told_of_its_port_before_it_fell_silent_means_the_line() -> None:
    """It could still send that."""
    router = off("r", ran("uplink", "", Outcome.FAILED, reason="interface_down", at=SINCE), role="router")
    found = why(unit(off("a"), router))
    assert (found.cause, found.signs) == (Why.LINE_DOWN, (Sign("interface", at=SINCE, name="r"),))


def test_when_our_providers_units_fell_silent_with_us_and_others_report_it_is_the_line() -> None:
    """Half of them at least, and two."""
    ours = (near("1", "VNPT", SINCE), near("2", "VNPT", SINCE + 5 * MINUTE), near("3", "VNPT"))
    others = (near("4", "FPT"), near("5", "Viettel"))
    found = why(unit(off("a"), off("b")), Around(provider="VNPT", neighbours=(*ours, *others)))
    assert (found.cause, found.confidence) == (Why.LINE_DOWN, 0.85)
    assert found.signs == (Sign("provider", count=2, of=3, name="VNPT"), Sign("others", count=2, of=2))
    earlier = (near("1", "VNPT", SINCE), near("2", "VNPT", SINCE - HOUR), near("3", "VNPT"))
    assert why(unit(off("a"), off("b")), Around(provider="VNPT", neighbours=(*earlier, *others))).cause is Why.UNKNOWN
    assert why(unit(off("a"), off("b")), Around(provider="FPT", neighbours=(*ours, *others))).cause is not Why.LINE_DOWN


def test_when_neighbours_of_several_providers_fell_silent_with_us_it_is_the_power() -> None:
    """Those nearby only."""
    fell = (near("1", "VNPT", SINCE), near("2", "FPT", SINCE))
    found = why(unit(off("a"), off("b")), Around(provider="VNPT", neighbours=(*fell, near("3", "FPT"))))
    assert found == Silent(cause=Why.POWER_CUT, since=SINCE, signs=(Sign("area", count=2, of=3),), confidence=0.6)
    far = tuple(replace(one, is_near=False) for one in fell)
    assert why(unit(off("a"), off("b")), Around(provider="VNPT", neighbours=(*far, near("3", "FPT")))).confidence == 0


def test_pcs_that_stopped_one_after_the_other_were_switched_off() -> None:
    """Not if a router is among them: nobody switches that off."""
    found = why(unit(off("a"), off("b", ago=2 * HOUR)))
    assert (found.cause, found.signs) == (Why.PC_OFF, (Sign("apart", count=2),))
    assert why(unit(off("a"), off("r", ago=2 * HOUR, role="router"))).cause is Why.UNKNOWN


def test_without_a_sign_nobody_knows() -> None:
    """All at once is what a power cut and a cut line have in common."""
    found = why(unit(off("a"), off("b")))
    assert found == Silent(cause=Why.UNKNOWN, since=SINCE, signs=(Sign("together", count=2, at=SINCE),))
    assert why(unit(off("a"))) == Silent(cause=Why.UNKNOWN, since=SINCE)


def test_one_that_is_silent_among_siblings_was_well_has_a_stopped_agent() -> None:
    """Or is off: half as sure."""
    found = why_device(off("a", ran("lan", at=SINCE)), pc("b"), pc("c"))
    assert (found.cause, found.confidence) == (Why.AGENT_STOPPED, 0.5)
    assert found.signs == (Sign("siblings", count=2, of=2), Sign("well"))


def test_one_that_was_not_well_is_not_explained() -> None:
    """Nor one of which nothing is known."""
    assert why_device(off("a", failed("portal", "tcp_timeout", at=SINCE)), pc("b")).cause is Why.UNKNOWN
    assert why_device(off("a"), pc("b")).cause is Why.UNKNOWN


def test_a_disk_that_takes_no_writes_stops_the_agent() -> None:
    """Whatever else was well."""
    disk = ran("storage", "", Outcome.FAILED, reason="disk_full", at=SINCE)
    found = why_device(off("a", disk, ran("lan")), pc("b"))
    assert (found.cause, found.confidence) == (Why.AGENT_STOPPED, 0.7)
    assert found.signs[0] == Sign("disk", at=SINCE, name="disk_full")


def test_one_on_battery_was_switched_off_or_ran_out() -> None:
    """While its siblings have power."""
    found = why_device(off("a", unplugged(), ran("lan")), pc("b"))
    assert (found.cause, found.signs[0]) == (Why.PC_OFF, Sign("battery"))


def test_one_that_stopped_shortly_before_closing_was_switched_off() -> None:
    """And was not needed again; the siblings came back."""
    calendar = Calendar(open=True, since=NOW - 2 * HOUR, closed_at=NOW - 14 * HOUR)
    early = pc("a", ran("lan"), seen=calendar.closed_at - 45 * MINUTE)
    found = why_device(early, pc("b"), calendar=calendar)
    assert (found.cause, found.signs[0]) == (Why.PC_OFF, Sign("closing", at=calendar.closed_at))


def test_several_that_stopped_together_share_a_switch() -> None:
    """Or all PCs of an office whose router still reports."""
    found = why_device(off("a"), off("b"), off("c"), pc("d"))
    assert (found.cause, found.signs) == (
        Why.LAN_DOWN, (Sign("together", count=3, at=SINCE), Sign("siblings", count=1, of=3)),
    )  # fmt: skip
    assert why_device(off("a"), off("b"), pc("r", role="router")).cause is Why.LAN_DOWN
    assert why_device(off("a"), off("b"), pc("c")).cause is not Why.LAN_DOWN


def test_where_the_whole_unit_is_silent_the_units_answer_counts() -> None:
    """A PC has no other."""
    assert why_device(off("a", on_battery()), off("b")).cause is Why.POWER_CUT


def test_around_are_all_other_units_that_were_heard_of_nearest_first() -> None:
    """With their provider and silence; the five nearest share the mains."""
    units = {str(step): replace(XOM_CHIEU, code=str(step), lat=10.75 + step / 100) for step in range(8)}
    found = around(
        "0", units, {code: SINCE if code == "2" else None for code in ("0", "1", "2", "3", "5", "6", "7", "9")},
        {"0": "VNPT", "2": "FPT"}, [access("0"), access("1")],
    )  # fmt: skip
    assert [one.unit for one in found.neighbours] == ["1", "2", "3", "5", "6", "7"]
    assert [one.is_near for one in found.neighbours] == [True] * 5 + [False]
    assert found.neighbours[1] == near("2", "FPT", SINCE)
    assert (found.provider, found.findings) == ("VNPT", (access("0"),))
