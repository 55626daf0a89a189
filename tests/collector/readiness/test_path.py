"""The shortest path to ready: what is lacking, how much of it, and the cheapest things that mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from checks.kit.model import Outcome, Scalar
from collector.readiness.evaluate import evaluate
from collector.readiness.fixes import Path
from collector.readiness.model import DeviceFacts, Evidence, Target, UnitFacts, Verdict, Waiver
from collector.readiness.path import Paths, shortest
from collector.readiness.profile import Band, Hold, Kind, Part
from tests.collector.readiness.cities import (
    DAY,
    HOUR,
    NOW,
    failed,
    half_hour,
    line,
    median,
    pc,
    profile,
    ran,
    reach,
    reached,
    states,
    unit,
)
from tests.collector.readiness.pricelists import MILLION, done, fix_of, item, listed, path_of

AGE = line("age")
MEMORY = line("memory", ready=Band(">=", 8.0), at_risk=Band(">=", 4.0))
BOTH = profile(AGE, MEMORY)
NEW_PC = item("new_pc", "age", "memory", price=15 * MILLION)
MODULE = item("module", "memory")


def share(ident: str, /, **changes: Any) -> Any:
    """A line of the unit on a share, a count or a rank of what its devices say of themselves."""
    given: dict[str, Any] = {"scope": "unit", "scale": 1.0, **changes}
    return line(ident, **given)


def pcs(*values: Mapping[str, Scalar]) -> list[DeviceFacts]:
    return [pc(f"d{index}", states(**each)) for index, each in enumerate(values)]


def facts_of(devices: list[DeviceFacts], **changes: Any) -> UnitFacts:
    return replace(unit(*devices), **changes)


def test_a_ready_unit_needs_nothing() -> None:
    assert path_of(BOTH, unit(*pcs({"age": 1, "memory": 8})), NEW_PC) == Path(unit="27259")


def test_what_is_not_ready_and_what_is_at_risk_is_mended_with_its_price_and_owner() -> None:
    path = path_of(BOTH, unit(*pcs({"age": 9, "memory": 8}, {"age": 6, "memory": 8}, {"age": 1, "memory": 8})), NEW_PC)
    (fix,) = path.fixes
    assert (fix.quantity, fix.unit_price, fix.cost, path.cost) == (2, 15 * MILLION, 30 * MILLION, 30 * MILLION)
    assert (fix.devices, fix.meets, fix.source) == (("d0", "d1"), ("age",), {"vi": "[A] test", "en": "[A] test"})
    assert (fix.owner["en"], fix.words["en"], path.exact) == ("the ward", "do new_pc 2 times", True)


def test_one_thing_that_meets_several_requirements_of_a_pc_is_taken_where_it_is_cheaper() -> None:
    """A new PC for the one that is old and small, memory alone for the other."""
    facts = unit(*pcs({"age": 9, "memory": 2}, {"age": 1, "memory": 2}))
    path = path_of(BOTH, facts, MODULE, NEW_PC)
    assert (done(path), path.cost) == ({"module": 1, "new_pc": 1}, 16 * MILLION)
    assert (fix_of(path, "new_pc").devices, fix_of(path, "module").devices) == (("d0",), ("d1",))
    assert fix_of(path, "new_pc").meets == ("age", "memory")


def test_one_thing_for_the_whole_unit_is_paid_once() -> None:
    policy = item("policy", "age", "memory", per="unit", price=20 * MILLION)
    few = path_of(BOTH, unit(*pcs({"age": 9, "memory": 8})), NEW_PC, policy)
    many = path_of(BOTH, unit(*pcs(*[{"age": 9, "memory": 8}] * 3)), NEW_PC, policy)
    assert (done(few), done(many)) == ({"new_pc": 1}, {"policy": 1})


def test_advice_is_mended_only_when_asked_for() -> None:
    advised = profile(MEMORY, line("age", mandatory=False))
    facts = unit(*pcs({"age": 9, "memory": 8}))
    assert path_of(advised, facts, NEW_PC) == Path(unit="27259")
    assert done(path_of(advised, facts, NEW_PC, advice=True)) == {"new_pc": 1}


def test_what_nothing_in_the_price_list_meets_is_named() -> None:
    path = path_of(BOTH, unit(*pcs({"age": 9, "memory": 2})), MODULE)
    assert (path.unmet, done(path)) == (("age",), {"module": 1})


def test_what_is_unknown_is_named_and_nothing_is_bought_for_it() -> None:
    path = path_of(BOTH, unit(*pcs({"age": 9}), expected=1), NEW_PC)
    assert (path.unknown, done(path)) == (("memory",), {"new_pc": 1})


def test_a_silent_unit_has_no_path_but_what_is_unknown() -> None:
    path = path_of(BOTH, unit(pc("d0", states(age=9, memory=2), seen=NOW - 2 * HOUR)), NEW_PC)
    assert (path.fixes, path.unknown) == ((), ("age", "memory"))


def test_what_is_waived_needs_nothing() -> None:
    facts = unit(*pcs({"age": 9, "memory": 2}))
    verdict = evaluate(BOTH, facts, NOW, None)
    told: dict[str, Any] = {"unit": "27259", "reason": "x", "author": "y", "created_at": 0, "expires_at": NOW + DAY}
    verdict.waivers = [Waiver(id="w1", requirement="age", kind="waiver", **told)]
    verdict.requirements[0].waiver = "w1"
    assert done(shortest(BOTH, facts, verdict, listed(NEW_PC, MODULE))) == {"module": 1}
    verdict.waivers = [Waiver(id="w1", requirement="age", kind="approval", **told)]
    assert done(shortest(BOTH, facts, verdict, listed(NEW_PC, MODULE))) == {"new_pc": 1}


def test_what_is_mended_already_and_waits_for_its_hold_time_needs_nothing() -> None:
    slow = profile(line("age", hold=Hold(up=HOUR)))
    before = evaluate(slow, unit(*pcs({"age": 9})), NOW - 1, None)
    facts = unit(*pcs({"age": 1}))
    verdict = evaluate(slow, facts, NOW, before)
    assert verdict.requirements[0].state is Verdict.NOT_READY
    assert shortest(slow, facts, verdict, listed(NEW_PC)) == Path(unit="27259")


def test_a_thing_without_a_price_is_taken_only_where_nothing_priced_does() -> None:
    facts = unit(*pcs({"age": 9, "memory": 2}))
    path = path_of(BOTH, facts, item("swap", "age", "memory", price=None), MODULE)
    assert (done(path), path.cost, path.unpriced, path.fixes[0].cost) == ({"swap": 1}, 0, 1, None)
    assert done(path_of(BOTH, facts, item("swap", "age", "memory", price=None), NEW_PC)) == {"new_pc": 1}


def test_of_what_costs_the_same_the_fewest_things_are_done_and_then_the_first() -> None:
    facts = unit(*pcs({"age": 9, "memory": 2}))
    single = [item("a", "age"), item("m", "memory")]
    assert done(path_of(BOTH, facts, *single, item("both", "age", "memory", price=2 * MILLION))) == {"both": 1}
    assert done(path_of(BOTH, facts, item("b", "age"), *single)) == {"b": 1, "m": 1}


def test_a_thing_for_one_role_mends_no_other() -> None:
    kiosk = pc("k", states(age=9, memory=8), role="kiosk")
    facts = unit(kiosk, *pcs({"age": 9, "memory": 8}))
    roles = [item("pc", "age", roles=("pc",)), item("kiosk", "age", roles=("kiosk",), price=60 * MILLION)]
    assert done(path_of(BOTH, facts, *roles)) == {"pc": 1, "kiosk": 1}
    assert path_of(BOTH, facts, roles[0]).unmet == ("age",)


def test_of_a_share_of_ten_pcs_one_is_mended_where_nine_are_enough() -> None:
    nine = profile(share("age", aggregate="ratio", where=Band("<=", 5.0), scale=100.0, unit="%", ready=Band(">=", 90.0),
                         at_risk=Band(">=", 50.0)), MEMORY)  # fmt: skip
    old = [{"age": 9, "memory": 8}, {"age": 9, "memory": 2}]
    path = path_of(nine, unit(*pcs(*old, *[{"age": 1, "memory": 8}] * 8)), NEW_PC, MODULE)
    assert (done(path), fix_of(path, "new_pc").devices) == ({"new_pc": 1}, ("d1",))


def test_pcs_per_official_lack_as_many_as_there_are_officials_without() -> None:
    working = share("pcs", kind=Kind.DEVICES, aggregate="count", per="staff", ready=Band(">=", 1.0),
                    at_risk=Band(">=", 0.9))  # fmt: skip
    facts = facts_of(pcs(*[{}] * 8), needs={"staff": 10.0})
    assert done(path_of(profile(working), facts, item("more", "pcs", per="shortfall"))) == {"more": 2}


def test_a_pc_that_is_silent_is_not_bought_again() -> None:
    working = share("pcs", kind=Kind.DEVICES, aggregate="count", per="staff", ready=Band(">=", 1.0),
                    at_risk=Band(">=", 0.9), coverage=0.0)  # fmt: skip
    silent = pc("z", seen=NOW - 2 * HOUR)
    facts = facts_of([*pcs(*[{}] * 7), silent], needs={"staff": 10.0})
    assert done(path_of(profile(working), facts, item("more", "pcs", per="shortfall"))) == {"more": 2}


def test_of_a_number_of_signers_those_there_are_mended_before_new_ones_are_bought() -> None:
    """8 of 10 sign; one of the two that lack has a PC whose certificate can be renewed."""
    signers = share("signers", aggregate="count", where=Band(">", 0.0), per="signers", scale=100.0, unit="%",
                    ready=Band(">=", 100.0), at_risk=Band(">=", 90.0), coverage=0.0)  # fmt: skip
    facts = facts_of(pcs(*[{"signers": 1}] * 8, {"signers": 0}), needs={"signers": 10.0})
    path = path_of(
        profile(signers), facts, item("renew", "signers", price=0), item("token", "signers", per="shortfall")
    )
    assert (done(path), fix_of(path, "renew").devices) == ({"renew": 1, "token": 1}, ("d8",))


def test_of_a_median_only_the_devices_beyond_the_middle_are_mended() -> None:
    middle = profile(share("age", aggregate="median"))
    ages = [1, 2, 8, 9, 9]
    assert done(path_of(middle, unit(*pcs(*[{"age": age} for age in ages])), NEW_PC)) == {"new_pc": 1}
    worst = profile(share("age", aggregate="max"))
    assert done(path_of(worst, unit(*pcs(*[{"age": age} for age in ages])), NEW_PC)) == {"new_pc": 3}
    least = profile(share("memory", aggregate="min", ready=Band(">=", 8.0), at_risk=None))
    assert done(path_of(least, unit(*pcs({"memory": 2}, {"memory": 4}, {"memory": 8})), MODULE)) == {"module": 2}


def test_one_raise_of_the_line_meets_what_is_contracted_and_how_full_it_is() -> None:
    """100 Mbps of 200, in steps of 50; at 90 % of 100 the same traffic wants 120 Mbps."""
    contract = share("contract", kind=Kind.ROSTER, check="", name="contracted_down_mbps", unit="Mbps",
                     ready=Band(">=", 200.0), at_risk=Band(">=", 100.0))  # fmt: skip
    facts = facts_of(pcs({}), needs={"contracted_down_mbps": 100.0})
    step = item("line", "contract", "full", per="step", step=50.0, of=("contracted_down_mbps",),
                words={"vi": "nâng lên {to} Mbps", "en": "raise to {to} Mbps"})  # fmt: skip
    path = path_of(profile(contract), facts, step)
    assert (done(path), path.cost, path.fixes[0].words["en"]) == ({"line": 2}, 2 * MILLION, "raise to 200 Mbps")
    full = median("full", targets="none", labels={"direction": "receive"}, unit="%", ready=Band("<=", 75.0))
    both = profile(contract, full)
    verdict = evaluate(both, facts, NOW, None)
    verdict.requirements[1] = replace(verdict.requirements[1], state=Verdict.AT_RISK, value=90.0, evidence=[
        replace(verdict.requirements[0].evidence[0], state=Verdict.AT_RISK, value=90.0)
    ])  # fmt: skip
    assert done(shortest(both, facts, verdict, listed(step))) == {"line": 2}
    verdict.requirements[0].state = Verdict.READY
    assert done(shortest(both, facts, verdict, listed(step))) == {"line": 1}


def test_a_line_of_which_nothing_is_contracted_is_raised_by_no_number_of_steps() -> None:
    full = profile(median("rtt"))
    step = item("line", "rtt", per="step", step=50.0, of=("contracted_down_mbps",))
    slow = unit(*pcs({}), buckets=(half_hour(HOUR, 3, rtt=(0.4, 0.4, 0.4)),))
    assert path_of(full, slow, step).unmet == ("rtt",)
    assert done(path_of(full, slow, step, item("quote", "rtt", per="unit", price=None))) == {"quote": 1}


def test_each_missing_part_is_mended_by_what_meets_it_or_the_whole() -> None:
    yes = {"vi": "có", "en": "yes"}
    parts = tuple(
        Part(id=name, title=yes, kind=Kind.FACT, check="device", name=name, labels={}, where=Band("==", "true"))
        for name in ("ups", "vlan", "snmp")
    )
    router = share(
        "router", kind=Kind.PARTS, check="", aggregate="all", parts=parts, ready=Band("<=", 0.0), at_risk=None
    )
    facts = unit(*pcs({"ups": False, "vlan": False, "snmp": True}))
    set_up = item("set_up", "router.vlan", "router.snmp", per="unit", price=0)
    ups = item("ups", "router.ups", per="unit", price=6 * MILLION)
    path = path_of(profile(router), facts, set_up, ups)
    assert (done(path), path.cost, fix_of(path, "ups").meets) == ({"set_up": 1, "ups": 1}, 6 * MILLION, ("router",))
    whole = item("whole", "router", per="unit", price=5 * MILLION)
    assert done(path_of(profile(router), facts, set_up, ups, whole)) == {"whole": 1}
    one_may_lack = replace(router, ready=Band("<=", 1.0))
    path = path_of(profile(one_may_lack), unit(*pcs({"ups": False, "vlan": False, "snmp": False})), set_up, ups)
    assert (done(path), path.exact) == ({"set_up": 1}, False)


SYSTEMS = [Target(id=name, title={}, mandatory=True) for name in ("a", "b", "c")]
OUTSIDE = [
    item("operator", "now", per="target", when="all_devices", price=0),
    item("cable", "now", per="device", when="some_devices", price=0),
    item("provider", "now", per="unit", when="all_targets", price=0),
]


def reaching(*failing: str) -> UnitFacts:
    """Three PCs; PC number i misses the systems in the i-th word."""
    found = []
    for index, missed in enumerate(failing):
        runs = [failed(one.id, "tcp_timeout") if one.id in missed else ran("connectivity", one.id) for one in SYSTEMS]
        found.append(pc(f"d{index}", *runs))
    return facts_of(found, targets=SYSTEMS)


def test_a_system_that_no_pc_reaches_is_its_operators() -> None:
    path = path_of(profile(reach()), reaching("a", "a", "a"), *OUTSIDE)
    assert (done(path), path.fixes[0].targets, path.cost) == ({"operator": 1}, ("a",), 0)


def test_a_system_that_another_pc_reaches_is_not_its_operators() -> None:
    """The success clears operator and provider: the PC's own connection is looked at."""
    path = path_of(profile(reach()), reaching("a", "", ""), *OUTSIDE)
    assert (done(path), path.fixes[0].devices) == ({"cable": 1}, ("d0",))


def test_where_no_pc_reaches_anything_it_is_the_line() -> None:
    assert done(path_of(profile(reach()), reaching("abc", "abc", "abc"), *OUTSIDE)) == {"provider": 1}


def test_a_system_that_is_down_and_a_pc_with_a_fault_are_two_things() -> None:
    assert done(path_of(profile(reach()), reaching("a", "a", "ab"), *OUTSIDE)) == {"operator": 1, "cable": 1}


def test_a_network_that_is_down_is_its_providers_though_the_other_works() -> None:
    facts = reaching("a", "a", "a")
    facts.targets = [replace(one, network="tslcd" if one.id == "a" else "internet") for one in SYSTEMS]
    both = [replace(OUTSIDE[2], network="internet"), replace(OUTSIDE[2], id="dedicated", network="tslcd")]
    assert done(path_of(profile(reach()), facts, *both)) == {"dedicated": 1}


def test_what_failed_over_a_week_is_reported_for_each_system() -> None:
    week = unit(*pcs({}), buckets=(half_hour(HOUR, 8, {"tcp_timeout": 2}),))
    operator = item("operator", "week", per="target", when="all_devices", price=0)
    path = path_of(profile(reached()), week, operator)
    assert (done(path), path.fixes[0].targets) == ({"operator": 1}, ("portal",))


def test_the_order_of_devices_moves_nothing() -> None:
    values: list[dict[str, Scalar]] = [
        {"age": 9, "memory": 2},
        {"age": 1, "memory": 2},
        {"age": 6, "memory": 8},
    ]
    found = pcs(*values)
    forwards, backwards = (path_of(BOTH, unit(*order), MODULE, NEW_PC) for order in (found, found[::-1]))
    assert forwards == backwards


def test_a_run_that_measured_nothing_is_no_fault() -> None:
    facts = facts_of([pc("d0", *[ran("connectivity", one.id, Outcome.ERROR, reason="internal") for one in SYSTEMS])],
                     targets=SYSTEMS)  # fmt: skip
    path = path_of(profile(reach()), facts, *OUTSIDE)
    assert (path.fixes, path.unknown) == ((), ("now",))


def test_a_path_is_found_again_only_when_what_it_follows_from_has_changed() -> None:
    paths = Paths(listed(NEW_PC, MODULE))
    facts = unit(*pcs({"age": 9, "memory": 8}))
    verdict = evaluate(BOTH, facts, NOW, None)
    first = paths.of(BOTH, facts, verdict)
    again = evaluate(BOTH, facts, NOW + 1, verdict)
    assert paths.of(BOTH, facts, again) is first
    worse = unit(*pcs({"age": 9, "memory": 2}), pc("d1", states(age=9, memory=8)))
    assert paths.of(BOTH, worse, evaluate(BOTH, worse, NOW + 1, verdict)).fixes[0].quantity == 2
    paths.forget("27259")
    assert paths.of(BOTH, facts, again) == first


def test_a_verdict_on_devices_that_are_gone_is_no_error() -> None:
    """The verdict is older than the roster: of a device that nobody knows the role is not known either."""
    facts = unit(*pcs({"age": 9, "memory": 8}))
    verdict = evaluate(BOTH, facts, NOW, None)
    facts.devices.clear()
    assert shortest(BOTH, facts, verdict, listed(replace(NEW_PC, roles=("pc",)))).unmet == ("age",)
    assert done(shortest(BOTH, facts, verdict, listed(NEW_PC))) == {"new_pc": 1}


def test_a_profile_that_lost_a_requirement_since_the_verdict_is_no_error() -> None:
    facts = unit(*pcs({"age": 9, "memory": 2}))
    assert done(shortest(profile(AGE), facts, evaluate(BOTH, facts, NOW, None), listed(NEW_PC))) == {"new_pc": 1}


def test_a_contract_that_is_no_number_raises_no_line() -> None:
    full = median("full", targets="none", labels={"direction": "receive"}, unit="%", ready=Band("<=", 75.0))
    step = item("line", "full", per="step", step=50.0, of=("contracted_down_mbps",))
    verdict = evaluate(profile(full), unit(*pcs({})), NOW, None)
    told = Evidence(subject="", state=Verdict.AT_RISK, value=90.0)
    verdict.requirements[0] = replace(verdict.requirements[0], state=Verdict.AT_RISK, value=90.0, evidence=[told])
    for number in (float("nan"), float("inf"), 0.0, -5.0):
        facts = facts_of(pcs({}), needs={"contracted_down_mbps": number})
        assert shortest(profile(full), facts, verdict, listed(step)).unmet == ("full",)
