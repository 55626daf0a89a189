"""Every kind, aggregate and scope of a requirement beyond the newest value of each device."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome, Result
from collector.readiness.evaluate import evaluate
from collector.readiness.judge import judge
from collector.readiness.judged import Judged
from collector.readiness.model import Target, UnitFacts, Verdict
from collector.readiness.profile import Band, Kind, Part, Requirement
from collector.readiness.scene import Scene
from tests.collector.readiness.cities import (
    DAY,
    FRESHNESS,
    HOUR,
    NOW,
    half_hour,
    line,
    median,
    numbers,
    pc,
    profile,
    ran,
    reach,
    reached,
    states,
    unit,
)

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN
GONE = NOW - HOUR
OFFICIALS = line(
    "pcs", kind=Kind.DEVICES, check="", name="reporting", scope="unit", roles=("pc",), aggregate="count", per="staff",
    ready=Band(">=", 1.0), at_risk=Band(">=", 0.9),
)  # fmt: skip
CONTRACT = line(
    "line", kind=Kind.ROSTER, check="", name="contracted_down_mbps", scope="unit", ready=Band(">=", 200.0),
    at_risk=Band(">=", 100.0), unit="Mbps",
)  # fmt: skip
SIGNERS = line(
    "signers", kind=Kind.RUNS, check="token", name="runs", scope="unit", aggregate="count", per="signers", scale=100.0,
    unit="%", ready=Band(">=", 100.0), at_risk=Band(">=", 90.0),
)  # fmt: skip


def part(name: str, where: Band, **more: Any) -> Part:
    return Part(
        id=name, title={}, where=where,
        **{"kind": Kind.FACT, "check": "device", "name": name, "labels": {}, **more},
    )  # fmt: skip


STACK = line(
    "stack", kind=Kind.PARTS, check="", name="", scope="unit", aggregate="all", ready=Band("<=", 0.0),
    at_risk=Band("<=", 1.0),
    parts=(
        part("driver", Band("==", "ok")),
        part("version", Band(">=", 3.0)),
        part("service", Band(">=", 1.0), kind=Kind.RUNS, check="service"),
    ),
)  # fmt: skip


def judged(requirement: Requirement, facts: UnitFacts, *, full: bool = False) -> Judged:
    return judge(requirement, Scene(facts, FRESHNESS, NOW), full=full)


def told(facts: UnitFacts, **needs: Any) -> UnitFacts:
    return replace(facts, needs=needs)


def token(outcome: Outcome = Outcome.OK) -> Result:
    return ran("token", "", outcome, reason="" if outcome is Outcome.OK else "cert_expired")


def pcs(count: int, *results: Result, **more: Any) -> list[Any]:
    return [pc(f"{more.get('role', 'pc')}{number:02}", *results, **more) for number in range(count)]


@pytest.mark.parametrize(
    ("mbps", "state"), [(200, READY), (150.0, AT_RISK), (50, NOT_READY), (0, NOT_READY)]
)  # fmt: skip
def test_a_number_of_the_roster_is_judged_as_it_stands(mbps: float, state: Verdict) -> None:
    found = judged(CONTRACT, told(unit(pc("a")), contracted_down_mbps=mbps))
    assert (found.state, found.value) == (state, float(mbps))


@pytest.mark.parametrize("strange", [None, "many", float("nan"), float("inf"), -3, True, []])
def test_what_the_roster_does_not_tell_is_unknown(strange: Any) -> None:
    for facts in (unit(pc("a")), told(unit(pc("a")), contracted_down_mbps=strange, staff=strange)):
        assert (judged(CONTRACT, facts).state, judged(CONTRACT, facts).reason) == (UNKNOWN, "unknown_need")
        assert (judged(OFFICIALS, facts).state, judged(OFFICIALS, facts).reason) == (UNKNOWN, "unknown_need")


def test_nothing_is_divided_by_zero_officials() -> None:
    found = judged(OFFICIALS, told(unit(pc("a")), staff=0))
    assert (found.state, found.reason, found.value) == (UNKNOWN, "no_need", None)


@pytest.mark.parametrize(("count", "state", "value"), [(10, READY, 1.0), (9, AT_RISK, 0.9), (8, NOT_READY, 0.8)])
def test_pcs_that_report_are_held_against_the_officials(count: int, state: Verdict, value: float) -> None:
    found = judged(OFFICIALS, told(unit(*pcs(count), pc("r", role="router")), staff=10))
    assert (found.state, found.value, found.coverage) == (state, value, 1.0)


def test_a_silent_pc_may_be_there_all_the_same() -> None:
    """Nine of ten report: at risk if the tenth is gone, ready if it is only off."""
    facts = told(unit(*pcs(9), pc("z", seen=GONE)), staff=10)
    found = judged(OFFICIALS, facts)
    assert (found.state, found.reason, found.low, found.high) == (UNKNOWN, "lost_contact", 0.9, 1.0)
    assert judged(OFFICIALS, told(facts, staff=20)).state is NOT_READY
    assert judged(OFFICIALS, told(facts, staff=9)).state is READY


def test_a_station_of_the_roster_that_nobody_has_seen_may_be_there_too() -> None:
    facts = replace(told(unit(*pcs(9)), staff=10), stations={"pc": 10})
    assert (judged(OFFICIALS, facts).state, judged(OFFICIALS, facts).reason) == (UNKNOWN, "low_coverage")


@pytest.mark.parametrize(("good", "state", "value"), [(10, READY, 100.0), (9, AT_RISK, 90.0), (8, NOT_READY, 80.0)])
def test_signers_with_a_usable_certificate(good: int, state: Verdict, value: float) -> None:
    """PCs without a token have no part in it."""
    without = pcs(5, ran("token", outcome=Outcome.NOT_APPLICABLE), role="kiosk")
    facts = told(unit(*pcs(good, token()), *without, pc("z", token(Outcome.FAILED))), signers=10)
    found = judged(SIGNERS, facts)
    assert (found.state, found.value) == (state, value)
    assert found.reason == ("" if state is READY else "cert_expired")
    assert found.counts == {NOT_READY: 1, READY: good}


def test_who_cannot_tell_may_count_or_not() -> None:
    facts = told(unit(*pcs(8, token()), pc("y"), pc("z", ran("token", outcome=Outcome.ERROR))), signers=10)
    found = judged(SIGNERS, facts)
    assert (found.state, found.low, found.high) == (UNKNOWN, 80.0, 100.0)
    assert judged(SIGNERS, told(facts, signers=20)).state is NOT_READY, "even if both count"


def test_where_says_which_values_count() -> None:
    """In the fact's own unit, while the requirement's is per cent."""
    ssd = line(
        "ssd", scope="unit", aggregate="ratio", where=Band("==", "ssd"), scale=100.0, unit="%", ready=Band(">=", 100.0),
        at_risk=Band(">=", 50.0),
    )  # fmt: skip
    facts = unit(
        pc("a", states(ssd="ssd")), pc("b", states(ssd="ssd")), pc("c", states(ssd="hdd")), pc("d", states(ssd="ssd"))
    )
    found = judged(ssd, facts)
    assert (found.state, found.value) == (AT_RISK, 75.0)
    assert [(one.subject, one.value) for one in found.evidence if one.state is NOT_READY] == [("c", "hdd")]
    many = replace_line(ssd, aggregate="count", where=Band(">=", 8.0), scale=1.0, ready=Band(">=", 2.0), at_risk=None)
    assert judged(many, unit(pc("a", states(ssd=8)), pc("b", states(ssd=16)), pc("c", states(ssd=4)))).state is READY


def replace_line(requirement: Requirement, **changes: Any) -> Requirement:
    return replace(requirement, **changes)


@pytest.mark.parametrize(
    ("aggregate", "value"), [("median", 3.0), ("max", 9.0), ("min", 1.0), ("p95", 9.0), ("last", 9.0)]
)  # fmt: skip
def test_devices_together_come_to_one_value(aggregate: str, value: float) -> None:
    facts = unit(*(pc(str(number), states(x=number)) for number in (1, 2, 3, 6, 9)))
    assert judged(line("x", scope="unit", aggregate=aggregate), facts).value == value


def test_a_silent_device_opens_an_interval_of_what_the_median_may_be() -> None:
    """3 without it, 3 or 9 with it: what it said last may still be so, or not."""
    half = line("x", scope="unit", aggregate="median", coverage=0.5)
    facts = unit(pc("a", states(x=3)), pc("b", states(x=9)), pc("c", states(x=1), seen=GONE))
    found = judged(half, facts)
    assert (found.state, found.low, found.high) == (READY, 3.0, 3.0)
    facts = unit(pc("a", states(x=3)), pc("b", states(x=9)), pc("c", states(x=9), seen=GONE))
    found = judged(half, facts)
    assert (found.state, found.low, found.high, found.value) == (UNKNOWN, 3.0, 9.0, 3.0)


def test_below_its_coverage_only_what_nobody_could_mend_is_certain() -> None:
    low = line("x", scope="unit", aggregate="max")
    assert judged(low, unit(pc("a", states(x=1)), expected=2)).state is UNKNOWN
    assert judged(low, unit(pc("a", states(x=9)), expected=2)).state is NOT_READY


def test_each_role_is_judged_by_itself_and_the_worst_decides() -> None:
    """Nine PCs reach the system, of two kiosks one: together 91 %, the kiosks 50 %."""
    good, bad = ran("connectivity", "portal"), ran("connectivity", "portal", Outcome.FAILED, reason="tcp_reset")
    facts = unit(*pcs(9, good), *pcs(1, good, role="kiosk"), pc("z", bad, role="kiosk"))
    assert judged(reach(), facts).state is READY
    found = judged(reach(scope="role"), facts)
    assert (found.state, found.value, found.reason) == (AT_RISK, 50.0, "tcp_reset")
    assert [(one.part, one.state) for one in found.evidence if not one.subject] == [("kiosk", AT_RISK), ("pc", READY)]
    assert judged(reach(scope="role", roles=("pc",)), facts).state is READY


def test_a_role_that_the_roster_names_and_nobody_has_seen_is_unknown() -> None:
    facts = replace(unit(*pcs(9, ran("connectivity", "portal"))), stations={"kiosk": 1})
    assert judged(reach(scope="role"), facts).state is UNKNOWN


@pytest.mark.parametrize(
    ("driver", "version", "service", "state", "missing"),
    [
        ("ok", 3, Outcome.OK, READY, 0.0),
        ("ok", 2, Outcome.OK, AT_RISK, 1.0),
        ("old", 2, Outcome.OK, NOT_READY, 2.0),
        ("ok", 3, Outcome.FAILED, AT_RISK, 1.0),
        ("ok", None, Outcome.OK, UNKNOWN, None),
        ("old", None, Outcome.FAILED, NOT_READY, 2.0),
        ("ok", "three", Outcome.OK, UNKNOWN, None),
    ],
)
def test_parts_are_counted_by_what_is_missing(
    driver: str, version: Any, service: Outcome, state: Verdict, missing: float | None
) -> None:
    facts = unit(pc("a", states(driver=driver, version=version), ran("service", outcome=service)))
    found = judged(STACK, facts)
    assert (found.state, found.value) == (state, missing)
    assert {one.part for one in found.evidence} >= {"driver"} if driver != "ok" else True


def test_a_part_is_there_when_any_device_shows_it() -> None:
    one, other = states(driver="ok", version=1), states(driver="old", version=3)
    facts = unit(pc("a", one, ran("service")), pc("b", other, ran("service", outcome=Outcome.FAILED)))
    assert judged(STACK, facts).state is READY
    gone = unit(pc("a", one, ran("service"), seen=GONE), pc("b", other, ran("service")), pc("c", other, ran("service")))
    assert judged(STACK, gone).state is UNKNOWN, "who showed the driver is silent"
    full = judged(STACK, gone, full=True)
    assert {(one.subject, one.part) for one in full.evidence if one.subject} == {
        (device, name) for device in "abc" for name in ("driver", "version", "service")
    }


def test_where_no_device_has_such_a_thing_nobody_knows_of_the_part() -> None:
    facts = unit(pc("a", states(driver="ok", version=3), ran("service", outcome=Outcome.NOT_APPLICABLE)))
    found = judged(STACK, facts)
    assert (found.state, found.evidence[0].part, found.evidence[0].reason) == (UNKNOWN, "service", "not_applicable")


def test_runs_of_a_window_can_be_counted() -> None:
    facts = unit(pc("a"), buckets=(half_hour(HOUR, 7, {"tcp_reset": 2}),))
    assert judged(reached(aggregate="count", scale=1.0, ready=Band(">=", 7.0), at_risk=None), facts).value == 7.0
    assert judged(reached(aggregate="all", scale=1.0, ready=Band("<=", 1.0), at_risk=None), facts).state is NOT_READY


def test_a_share_of_a_distribution_is_that_of_its_bins() -> None:
    """Two of three round trips are within 100 ms."""
    slow = median(aggregate="ratio", where=Band("<=", 0.1), scale=100.0, unit="%", ready=Band(">=", 90.0), at_risk=None)
    facts = unit(pc("a"), buckets=(half_hour(DAY, 2, rtt=(0.02, 0.3)), half_hour(HOUR, 1, rtt=(0.05,))))
    found = judged(slow, facts)
    assert (found.state, found.samples) == (NOT_READY, 3)
    assert found.value == pytest.approx(200 / 3)


def test_only_the_systems_that_a_line_names_are_meant() -> None:
    facts = unit(pc("a", ran("connectivity", "portal"), ran("connectivity", "mail", Outcome.FAILED)))
    facts.targets.append(Target(id="gateway", title={}, mandatory=True, network="tslcd"))
    assert judged(reach(systems=("portal",)), facts).state is READY
    assert judged(reach(targets="all", systems=("mail",)), facts).state is NOT_READY
    assert judged(reach(network="tslcd"), facts).reason == "no_samples"
    assert judged(reach(network="internet"), facts).state is READY
    assert judged(reach(systems=("other",)), facts).reason == "no_targets"


def test_a_requirement_of_other_kinds_of_units_is_not_there() -> None:
    rules = profile(line("x"), line("y", kinds=("Phường", "Xã")))
    facts = unit(pc("a", states(x=1, y=9)))
    department = evaluate(rules, replace(facts, kind="Sở, ban, ngành"), NOW, None)
    assert ([one.id for one in department.requirements], department.verdict) == (["x"], READY)
    assert evaluate(rules, replace(facts, kind="Xã"), NOW, None).deciding == ["y"]


def test_a_line_becomes_mandatory_on_its_day() -> None:
    rules = profile(line("x"), line("y", mandatory=False, mandatory_from=NOW + DAY))
    facts = unit(pc("a", states(x=1, y=9), seen=NOW + DAY))
    facts.devices[0].results["device", ""].at = NOW + DAY
    before = evaluate(rules, facts, NOW + DAY - 1, None)
    after = evaluate(rules, facts, NOW + DAY, before)
    assert (before.verdict, before.requirements[1].mandatory) == (READY, False)
    assert (after.verdict, after.deciding, after.requirements[1].mandatory) == (NOT_READY, ["y"], True)


def test_a_line_decides_in_the_place_of_one_of_which_nothing_is_known() -> None:
    """A speed test counts only where the router's counters tell nothing."""
    rules = profile(line("x"), line("y", mandatory=False), line("z", mandatory=False, mandatory_without="y"))
    passive = evaluate(rules, unit(pc("a", states(x=1, y=1, z=9))), NOW, None)
    assert (passive.verdict, [one.mandatory for one in passive.requirements]) == (READY, [True, False, False])
    active = evaluate(rules, unit(pc("a", states(x=1, z=9))), NOW, None)
    assert (active.verdict, active.deciding) == (NOT_READY, ["z"])
    nothing = evaluate(rules, unit(pc("a", states(x=1))), NOW, None)
    assert (nothing.verdict, nothing.deciding) == (UNKNOWN, ["z"])
    elsewhere = profile(line("x"), line("y", kinds=("Xã",)), line("z", mandatory=False, mandatory_without="y"))
    assert evaluate(elsewhere, unit(pc("a", states(x=1, z=9))), NOW, None).deciding == ["z"]


@pytest.mark.parametrize(
    ("ahead", "state", "reason"), [(HOUR, READY, ""), (DAY, READY, ""), (DAY + 1, UNKNOWN, "from_future")]
)  # fmt: skip
def test_a_result_from_the_future_counts_as_of_now_but_not_for_ever(ahead: int, state: Verdict, reason: str) -> None:
    """No longer than one from as far in the past would."""
    found = judged(line("x"), unit(pc("a", ran("device", at=NOW + ahead, facts={"x": 1}))))
    assert (found.state, found.reason) == (state, reason)
    assert all(one.at == NOW for one in found.evidence)


@pytest.mark.parametrize("strange", ["many", True, float("nan"), float("inf"), None, [1], {}])
def test_a_value_of_another_kind_is_no_value(strange: Any) -> None:
    found = judged(line("x"), unit(pc("a", states(x=strange))))
    assert (found.state, found.reason) == (UNKNOWN, "unknown_value")


@pytest.mark.parametrize("strange", [1, 2.5, None, [1]])
def test_a_number_is_no_word(strange: Any) -> None:
    found = judged(line("x", ready=Band("==", "ssd"), at_risk=None), unit(pc("a", states(x=strange))))
    assert (found.state, found.reason) == (UNKNOWN, "unknown_value")


def test_a_metric_is_found_wherever_it_stands_among_the_samples() -> None:
    left = line("x", kind=Kind.METRIC, check="tls", name="left", ready=Band(">", 14.0), at_risk=None)
    one, other = numbers("tls", "", left=20.0, size=1.0), numbers("tls", "", size=1.0, left=3.0)
    found = judged(left, unit(pc("a", one), pc("b", other), pc("c", numbers("tls", "", size=1.0)), pc("d", one)))
    assert (found.state, found.value, found.counts) == (NOT_READY, 3.0, {NOT_READY: 1, UNKNOWN: 1, READY: 2})
