"""What holds of every verdict, whatever the facts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.kit.model import Outcome, Result
from collector.readiness.evaluate import evaluate, next_change
from collector.readiness.model import DeviceFacts, UnitFacts, UnitVerdict, Verdict
from collector.readiness.profile import Band, Hold
from collector.readiness.scene import RANK
from tests.collector.readiness.cities import (
    DAY,
    HOUR,
    MINUTE,
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
    unit,
)

PROFILE = profile(
    line("x", max_age=HOUR, roles=("pc",)),
    line("y", mandatory=False, ready=Band(">=", 5.0), at_risk=Band(">=", 2.0)),
    line("clock", check="agent", name="clock_offset"),
    reach(max_age=HOUR),
    reached(minimum_samples=3),
    median(hold=Hold(up=10 * MINUTE, down=5 * MINUTE)),
)
BETTER = {Verdict.NOT_READY: 0, Verdict.AT_RISK: 1, Verdict.READY: 2}
ages = st.integers(0, 40 * MINUTE) | st.sampled_from([0, 30 * MINUTE, HOUR, 25 * HOUR, 40 * DAY])
values = st.sampled_from([None, 0, 1, 4, 5, 6, 7, 8, 100])


@st.composite
def results(draw: st.DrawFn) -> list[Result]:
    at = NOW - draw(ages)
    outcome = draw(st.sampled_from([*Outcome, Outcome.OK, Outcome.OK]))
    facts = {"x": draw(values), "y": draw(values)}
    reached_at = NOW - draw(ages)
    portal = draw(
        st.sampled_from(
            [
                ran("connectivity", "portal", at=reached_at),
                failed("portal", "tcp_timeout", at=reached_at),
                ran("connectivity", "portal", Outcome.ERROR, at=reached_at, reason="internal"),
            ]
        )
    )
    found = [ran("device", outcome=outcome, at=at, facts=facts), portal]
    return draw(st.lists(st.sampled_from(found), unique_by=id))


@st.composite
def devices(draw: st.DrawFn) -> list[DeviceFacts]:
    count = draw(st.integers(0, 8))
    return [
        pc(
            f"d{index}",
            *draw(results()),
            seen=draw(st.none() | ages.map(lambda age: NOW - age)),
            offset=draw(st.sampled_from([None, 0.0, -6.0, 90.0])),
            role=draw(st.sampled_from(["pc", "pc", "pc", "router"])),
            status=draw(st.sampled_from(["active", "active", "active", "pending"])),
        )
        for index in range(count)
    ]


@st.composite
def cities(draw: st.DrawFn) -> UnitFacts:
    halves = tuple(
        half_hour(
            draw(st.integers(0, 8 * DAY)),
            draw(st.integers(0, 20)),
            draw(st.sampled_from([{}, {"tcp_timeout": 1}, {"internal": 5}])),
            rtt=draw(st.sampled_from([(), (0.05,), (0.12, 0.12), (0.4,)])),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    return unit(*draw(devices()), expected=draw(st.integers(0, 10)), buckets=halves)


def judged(facts: UnitFacts, now: int = NOW, previous: UnitVerdict | None = None) -> UnitVerdict:
    return evaluate(PROFILE, facts, now, previous)


@given(cities(), st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(facts: UnitFacts, chance: Any) -> None:
    shuffled = replace(facts, devices=list(facts.devices), buckets=list(facts.buckets), targets=facts.targets[::-1])
    chance.shuffle(shuffled.devices)
    chance.shuffle(shuffled.buckets)
    assert judged(shuffled) == judged(facts)


@given(cities())
def test_judging_changes_no_fact_and_twice_gives_the_same(facts: UnitFacts) -> None:
    before = repr(facts)
    assert judged(facts) == judged(facts)
    assert repr(facts) == before


@given(cities())
def test_a_unit_below_its_coverage_is_never_ready(facts: UnitFacts) -> None:
    found = judged(facts)
    if found.expected == 0 or found.reporting / found.expected < PROFILE.coverage:
        assert found.verdict in (Verdict.UNKNOWN, Verdict.NOT_READY)
    if found.reporting == 0:
        assert found.verdict is Verdict.UNKNOWN
        assert found.silence is not None


@given(cities(), st.data())
def test_silence_never_improves_a_verdict(facts: UnitFacts, data: st.DataObject) -> None:
    """Whatever device falls silent: the unit and each requirement stay, get worse, or are not known any more."""
    before = judged(facts)
    quiet = data.draw(st.sets(st.integers(0, 9)))
    silenced = [
        replace(device, last_seen=NOW - HOUR) if index in quiet and device.last_seen else device
        for index, device in enumerate(facts.devices)
    ]
    after = judged(replace(facts, devices=silenced))
    pairs = [(before.verdict, after.verdict)]
    pairs += [(then.state, now.state) for then, now in zip(before.requirements, after.requirements, strict=True)]
    for old, new in pairs:
        assert new in (old, Verdict.UNKNOWN) or RANK[new] < RANK[old]


@given(cities(), st.data())
def test_a_better_value_never_worsens_the_verdict(facts: UnitFacts, data: st.DataObject) -> None:
    """A measured x or y, moved to its good side, and a measured failure turned to success. Only a fault that is gone
    may leave a unit unknown that was not ready."""
    before = judged(facts)
    improved = [_improved(device, data) for device in facts.devices]
    after = judged(replace(facts, devices=improved))
    for then, now in zip(before.requirements, after.requirements, strict=True):
        if then.state in (Verdict.READY, Verdict.AT_RISK):
            assert now.state in BETTER
        if then.state in BETTER and now.state in BETTER:
            assert BETTER[now.state] >= BETTER[then.state]
    if before.verdict in BETTER and after.verdict in BETTER:
        assert BETTER[after.verdict] >= BETTER[before.verdict]


def _improved(device: DeviceFacts, data: st.DataObject) -> DeviceFacts:
    better = {}
    for key, result in device.results.items():
        x, y = result.facts.get("x"), result.facts.get("y")
        facts = dict(result.facts)
        if isinstance(x, int) and isinstance(y, int) and data.draw(st.booleans()):
            facts = {"x": data.draw(st.integers(0, x)), "y": data.draw(st.integers(y, 200))}
        mended = result.check == "connectivity" and result.outcome is Outcome.FAILED and data.draw(st.booleans())
        outcome = Outcome.OK if mended else result.outcome
        better[key] = Result(
            check=result.check, target=result.target, outcome=outcome, reason="" if mended else result.reason,
            at=result.at, mono=0, boot="b", facts=facts,
        )  # fmt: skip
    return replace(device, results=better)


@given(cities())
def test_nothing_changes_before_the_next_change_is_due(facts: UnitFacts) -> None:
    """Without new results, judging just before the named instant finds what was found now."""
    found = judged(facts)
    due = next_change(PROFILE, facts, found)
    until = NOW + 60 * DAY if due is None else due - 1
    later = judged(facts, until, found)
    assert (later.verdict, later.silence) == (found.verdict, found.silence)
    assert [line.state for line in later.requirements] == [line.state for line in found.requirements]


@given(cities())
def test_following_the_named_changes_ends(facts: UnitFacts) -> None:
    """Time alone can do only so much: step by step there comes an end, and the unit is unknown there."""
    found, steps = judged(facts), 0
    while (due := next_change(PROFILE, facts, found)) is not None:
        assert due > found.at
        found, steps = judged(facts, due, found), steps + 1
        assert steps <= 8 * (2 + 3 * len(PROFILE.requirements))
    assert found.verdict is Verdict.UNKNOWN
