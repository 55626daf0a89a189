"""What holds of every verdict, whatever the facts. :mod:`tests.collector.readiness.campaign_properties` tries more."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from checks.kit.model import Outcome, Result
from collector.readiness.evaluate import APPROVED, evaluate, next_change
from collector.readiness.explain import explain
from collector.readiness.explained import lines
from collector.readiness.hold import Held, advance
from collector.readiness.model import DeviceFacts, UnitFacts, UnitVerdict, Verdict
from collector.readiness.profile import Hold
from collector.readiness.scene import RANK
from collector.readiness.transitions import compare
from tests.collector.readiness.cities import DAY, HOUR, MINUTE, NOW, line, pc, profile, states, unit
from tests.collector.readiness.worlds import RICH, cities, few, strangers

BETTER = {Verdict.NOT_READY: 0, Verdict.AT_RISK: 1, Verdict.READY: 2}


def judged(facts: UnitFacts, now: int = NOW, previous: UnitVerdict | None = None) -> UnitVerdict:
    return evaluate(RICH, facts, now, previous)


def pairs(before: UnitVerdict, after: UnitVerdict) -> list[tuple[Verdict, Verdict]]:
    """States then and now: of the unit, and of each requirement."""
    lines_ = [(then.state, now.state) for then, now in zip(before.requirements, after.requirements, strict=True)]
    return [(before.verdict, after.verdict), *lines_]


@few
@given(cities(), st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(facts: UnitFacts, chance: Any) -> None:
    shuffled = replace(
        facts,
        devices=list(facts.devices),
        buckets=list(facts.buckets),
        targets=facts.targets[::-1],
        waivers=list(facts.waivers),
        stations=dict(reversed(facts.stations.items())),
    )
    chance.shuffle(shuffled.devices)
    chance.shuffle(shuffled.buckets)
    chance.shuffle(shuffled.waivers)
    for device in shuffled.devices:
        device.results = dict(reversed(device.results.items()))
    assert judged(shuffled) == judged(facts)


@few
@given(cities())
def test_judging_changes_no_fact_and_twice_gives_the_same(facts: UnitFacts) -> None:
    before = repr(facts)
    assert judged(facts) == judged(facts)
    assert repr(facts) == before


@few
@given(cities())
def test_a_unit_below_its_coverage_is_never_ready(facts: UnitFacts) -> None:
    found = judged(facts)
    if found.expected == 0 or found.reporting / found.expected < RICH.coverage:
        assert found.verdict in (Verdict.UNKNOWN, Verdict.NOT_READY)
    if found.reporting == 0:
        assert found.verdict is Verdict.UNKNOWN
        assert found.silence is not None


@few
@given(cities())
def test_a_requirement_below_its_coverage_is_not_ready_or_unknown(facts: UnitFacts) -> None:
    """But for what people have approved, what no device here has, and windows, whose samples are what is counted."""
    asked = {one.id: one for one in RICH.requirements}
    for found in judged(facts).requirements:
        if found.coverage < asked[found.id].coverage and not asked[found.id].window and found.reason != APPROVED:
            assert found.state in (Verdict.UNKNOWN, Verdict.NOT_READY), found.id


@few
@given(cities(), st.data())
def test_silence_never_improves_a_verdict(facts: UnitFacts, data: st.DataObject) -> None:
    """Whatever device falls silent: the unit and each requirement stay, get worse, or are not known any more."""
    quiet = data.draw(st.sets(st.integers(0, 9)))
    silenced = [
        replace(device, last_seen=min(NOW - HOUR, device.last_seen)) if index in quiet and device.last_seen else device
        for index, device in enumerate(facts.devices)
    ]
    for old, new in pairs(judged(facts), judged(replace(facts, devices=silenced))):
        assert new in (old, Verdict.UNKNOWN) or RANK[new] < RANK[old]


@few
@given(cities(), st.data())
def test_a_better_value_never_worsens_a_verdict(facts: UnitFacts, data: st.DataObject) -> None:
    """Any measured value moved to its good side, any failure turned to success: what is ready stays so, nothing comes
    to be not ready, and what stays known gets no worse. A fault that is gone may leave unknown what was certain
    because of it: one of two at risk, the other silent."""
    improved = [_improved(device, data) for device in facts.devices]
    for then, now in pairs(judged(facts), judged(replace(facts, devices=improved))):
        assert now is not Verdict.NOT_READY or then is Verdict.NOT_READY
        assert then is not Verdict.READY or now is Verdict.READY
        if then in BETTER and now in BETTER:
            assert BETTER[now] >= BETTER[then]


def _improved(device: DeviceFacts, data: st.DataObject) -> DeviceFacts:
    better: dict[tuple[str, str], Result] = {}
    for key, result in device.results.items():
        facts = dict(result.facts)
        for name, low in (("x", True), ("y", False), ("age_years", True)):
            value = facts.get(name)
            if isinstance(value, int) and data.draw(st.booleans()):
                facts[name] = data.draw(st.integers(0, value) if low else st.integers(value, 200))
        if facts.get("word") in ("hdd", "tape") and data.draw(st.booleans()):
            facts["word"] = "ssd"
        samples = tuple(
            replace(one, value=one.value * data.draw(st.sampled_from([0.0, 0.5, 1.0]))) for one in result.samples
        )
        mended = result.check != "device" and result.outcome is Outcome.FAILED and data.draw(st.booleans())
        outcome, reason = (Outcome.OK, "") if mended else (result.outcome, result.reason)
        better[key] = replace(result, facts=facts, samples=samples, outcome=outcome, reason=reason)
    return replace(device, results=better)


@few
@given(cities())
def test_waivers_can_only_be_seen(facts: UnitFacts) -> None:
    """Each that holds is listed; taking them away improves nothing; they change no requirement's state."""
    with_them = judged(facts)
    kept = [one for one in facts.waivers if one.kind == "approval"]
    without = judged(replace(facts, waivers=kept))
    holding = {one.id for one in facts.waivers if one.holds(NOW)}
    assert {one.id for one in with_them.waivers} == holding
    waived = {one.requirement for one in facts.waivers if one.kind == "waiver" and one.id in holding}
    assert RANK[without.verdict] <= RANK[with_them.verdict]
    for then, now in zip(without.requirements, with_them.requirements, strict=True):
        if then.id in waived:
            assert now.waiver in holding
            assert now.id not in with_them.deciding
        else:
            assert then == now
    if with_them.verdict is not without.verdict:
        assert waived & set(without.deciding) or not without.deciding


@few
@given(cities())
def test_approvals_never_beat_a_measurement(facts: UnitFacts) -> None:
    with_them = judged(facts)
    without = judged(replace(facts, waivers=[one for one in facts.waivers if one.kind == "waiver"]))
    for then, now in zip(without.requirements, with_them.requirements, strict=True):
        if now.reason == APPROVED:
            assert (then.state, now.state) == (Verdict.UNKNOWN, Verdict.READY)
            assert now.waiver in {one.id for one in with_them.waivers}
        else:
            assert now.state is then.state


@few
@given(cities())
def test_evidence_is_what_is_not_ready_and_the_counts_are_of_everything(facts: UnitFacts) -> None:
    found = judged(facts)
    whole = {step.line.id: step for step in explain(RICH, facts, NOW, found).steps}
    for state in found.requirements:
        ranks = [RANK[part.state] for part in state.evidence if part.subject]
        assert ranks == sorted(ranks)
        full = whole[state.id].parts
        missing = [part for part in full if part not in state.evidence and part.state is not Verdict.READY]
        assert all(part.reason == "no_samples" or part.part for part in missing), state.id
        assert sum(state.counts.values()) <= len(full)
        assert whole[state.id].measured is state.state or state.reason in ("holding", APPROVED, found.silence)


@few
@given(strangers())
def test_nothing_that_is_told_is_too_strange(facts: UnitFacts) -> None:
    """Facts from the future, wrong types, no devices, no staff: no exception, and all that follows can be stored."""
    first = judged(facts)
    due = next_change(RICH, facts, first)
    later = judged(facts, NOW + HOUR if due is None else due, first)
    for change in compare(first, later) + compare(None, first):
        json.dumps(to_builtins(change), allow_nan=False)
    assert lines(explain(RICH, facts, NOW, first), "vi")
    assert lines(explain(RICH, facts, NOW, first), "en")


@few
@given(strangers())
def test_nothing_strange_is_current_for_ever(facts: UnitFacts) -> None:
    """A year after the last credible instant nobody reports; with nobody reporting nothing is known."""
    found = judged(facts, NOW + 400 * DAY)
    assert found.verdict is Verdict.UNKNOWN


@few
@given(cities())
def test_nothing_changes_before_the_next_change_is_due(facts: UnitFacts) -> None:
    """Without new results, judging just before the named instant finds what was found now. Ages by the purchase date
    are left to the next sweep."""
    for device in facts.devices:
        device.purchased = None
    found = judged(facts)
    due = next_change(RICH, facts, found)
    until = NOW + 60 * DAY if due is None else due - 1
    later = judged(facts, until, found)
    assert (later.verdict, later.silence) == (found.verdict, found.silence)
    assert [one.state for one in later.requirements] == [one.state for one in found.requirements]
    assert later.waivers == found.waivers


@few
@given(cities())
def test_following_the_named_changes_ends(facts: UnitFacts) -> None:
    """Time alone can do only so much: step by step there comes an end, and the unit is unknown there."""
    found, steps = judged(facts), 0
    while (due := next_change(RICH, facts, found)) is not None:
        assert due > found.at
        if facts.calendar.until is not None and due >= facts.calendar.until:
            facts = replace(facts, calendar=replace(facts.calendar, until=None))
        found, steps = judged(facts, due, found), steps + 1
        assert steps <= 8 * (5 + 3 * len(RICH.requirements))
    assert found.verdict is Verdict.UNKNOWN


seen_states = st.sampled_from([Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN])


@few
@given(st.lists(st.tuples(st.integers(0, 4), seen_states), min_size=1, max_size=60))
def test_an_improvement_has_lasted_whatever_silence_lay_between(moves: list[tuple[int, Verdict]]) -> None:
    """From one known state to a better one only after all that was seen for ``up`` was better, and known."""
    hold, held, now = Hold(up=10, down=5), None, 0
    last: Verdict | None = None
    seen: list[tuple[int, Verdict]] = []
    for pause, state in moves:
        now += pause
        held = advance(held, state, hold, now)
        seen.append((now, state))
        if held.shown is Verdict.UNKNOWN:
            continue
        if last is not None and RANK[held.shown] > RANK[last]:
            recent = [one for at, one in seen if at > now - hold.up]
            assert all(one is not Verdict.UNKNOWN and RANK[one] > RANK[last] for one in recent)
        last = held.shown


@few
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from([1, 6, 9, None])), min_size=1, max_size=20))
def test_a_verdict_never_oscillates_faster_than_its_hold_time(moves: list[tuple[int, int | None]]) -> None:
    """Between two improvements of a unit lies at least the time up."""
    rules = profile(line("x", hold=Hold(up=10 * MINUTE, down=5 * MINUTE)))
    now, before, known, improved = NOW, None, None, list[int]()
    for minutes, value in moves:
        now += minutes * MINUTE
        device = pc("a", states(x=value), seen=now)
        device.results["device", ""].at = now
        before = evaluate(rules, unit(device), now, before)
        if before.verdict is Verdict.UNKNOWN:
            continue
        if known is not None and RANK[before.verdict] > RANK[known]:
            improved.append(now)
        known = before.verdict
    assert all(later - earlier >= 10 * MINUTE or later == earlier for earlier, later in pairwise(improved))


def test_held_begins_with_what_is_first_seen() -> None:
    assert advance(None, Verdict.NOT_READY, Hold(up=10), 0) == Held(shown=Verdict.NOT_READY, last=Verdict.NOT_READY)
