"""What people decide: waivers take a line out of the verdict, approvals fill what is not known, both are seen."""

from __future__ import annotations

from typing import Literal

import pytest
from msgspec.structs import replace

from collector.readiness import words
from collector.readiness.evaluate import evaluate, next_change
from collector.readiness.model import Transition, UnitFacts, UnitVerdict, Verdict, Waiver
from collector.readiness.profile import Hold
from collector.readiness.transitions import compare
from tests.collector.readiness.cities import DAY, HOUR, MINUTE, NOW, line, pc, profile, state_of, states, unit

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN
RULES = profile(line("x"), line("y"))


def grant(
    requirement: str, kind: Literal["waiver", "approval"] = "waiver", *, name: str = "w1", hours: int = 24
) -> Waiver:
    return Waiver(
        id=name, unit="27259", requirement=requirement, kind=kind, reason="Máy mới về tuần sau", author="Nguyễn An",
        created_at=NOW - HOUR, expires_at=NOW + hours * HOUR,
    )  # fmt: skip


def judged(facts: UnitFacts, *waivers: Waiver, now: int = NOW, previous: UnitVerdict | None = None) -> UnitVerdict:
    return evaluate(RULES, replace(facts, waivers=list(waivers)), now, previous)


def test_a_waived_line_keeps_its_state_and_decides_nothing() -> None:
    found = judged(unit(pc("a", states(x=9, y=1))), grant("x"))
    assert (found.verdict, found.deciding, [one.id for one in found.waivers]) == (READY, [], ["w1"])
    state = state_of(found, "x")
    assert (state.state, state.reason, state.waiver, state.mandatory) == (NOT_READY, "threshold", "w1", True)


def test_another_line_still_decides() -> None:
    found = judged(unit(pc("a", states(x=9, y=6))), grant("x"))
    assert (found.verdict, found.deciding) == (AT_RISK, ["y"])


@pytest.mark.parametrize("now", [NOW - 2 * HOUR, NOW + 24 * HOUR])
def test_a_waiver_holds_from_its_grant_until_it_expires(now: int) -> None:
    facts = unit(pc("a", states(x=9, y=1), seen=now))
    facts.devices[0].results["device", ""].at = now
    found = judged(facts, grant("x"), now=now)
    assert (found.verdict, found.waivers) == (NOT_READY, [])
    assert judged(facts, replace(grant("x"), revoked_at=now - 1), now=now).waivers == []


def test_another_units_waiver_is_not_ours() -> None:
    assert judged(unit(pc("a", states(x=9, y=1))), replace(grant("x"), unit="27260")).verdict is NOT_READY


def test_a_waiver_does_not_make_up_for_missing_devices_nor_for_silence() -> None:
    assert judged(unit(pc("a", states(x=9, y=1)), expected=5), grant("x")).verdict is UNKNOWN
    assert (
        judged(unit(pc("a", states(x=9, y=1), seen=NOW - HOUR)), grant("x"), grant("y", name="w2")).verdict is UNKNOWN
    )


def test_an_approval_fills_what_is_not_known() -> None:
    found = judged(unit(pc("a", states(x=None, y=1))), grant("x", "approval"))
    state = state_of(found, "x")
    assert (found.verdict, state.state, state.reason, state.waiver) == (READY, READY, "approved", "w1")
    assert [one.id for one in found.waivers] == ["w1"]


@pytest.mark.parametrize(("x", "state"), [(9, NOT_READY), (6, AT_RISK), (1, READY)])
def test_an_approval_never_outweighs_a_measurement(x: int, state: Verdict) -> None:
    found = state_of(judged(unit(pc("a", states(x=x, y=1))), grant("x", "approval")), "x")
    assert (found.state, found.waiver) == (state, "")


def test_a_fault_that_falls_silent_is_not_approved_away() -> None:
    """Else pulling the plug of the bad PC would make the unit ready."""
    four = [pc(name, states(x=1, y=1)) for name in "abcd"]
    found = judged(unit(*four, pc("e", states(x=9, y=1), seen=NOW - HOUR)), grant("x", "approval"))
    assert (found.verdict, state_of(found, "x").state) == (UNKNOWN, UNKNOWN)
    unheard = judged(unit(*four[:3], pc("d", states(y=1)), pc("e", states(y=1))), grant("x", "approval"))
    assert state_of(unheard, "x").state is READY


def test_a_silent_unit_is_not_approved() -> None:
    assert judged(unit(pc("a", seen=NOW - HOUR)), grant("x", "approval"), grant("y", "approval")).verdict is UNKNOWN


def test_what_was_approved_was_not_measured_and_is_worse_at_once() -> None:
    """The hold time down is for what was known to be better."""
    rules = profile(line("x", hold=Hold(up=10 * MINUTE, down=10 * MINUTE)))
    first = evaluate(rules, replace(unit(pc("a")), waivers=[grant("x", "approval")]), NOW, None)
    then = evaluate(rules, replace(unit(pc("a", states(x=9))), waivers=[grant("x", "approval")]), NOW + MINUTE, first)
    assert [first.verdict, then.verdict] == [READY, NOT_READY]


def test_a_waiver_goes_before_an_approval() -> None:
    """It takes the line out; what is seen there is what the approval says."""
    both = (grant("x", "approval", name="a"), grant("x", "waiver", name="b"))
    found = judged(unit(pc("a", states(x=None, y=1))), *both)
    assert (found.verdict, state_of(found, "x").state, state_of(found, "x").waiver) == (READY, READY, "b")
    assert state_of(found, "x").reason == "approved"
    assert [one.id for one in found.waivers] == ["a", "b"]


def test_what_stands_in_for_an_approved_line_decides_no_more_when_that_one_is_waived_too() -> None:
    rules = profile(line("x"), replace(line("y", mandatory=False), mandatory_without="x"))
    facts = unit(pc("a", states(x=None, y=9)))
    approval, waiver = grant("x", "approval", name="a"), grant("x", "waiver", name="b")
    found = [
        evaluate(rules, replace(facts, waivers=held), NOW, None) for held in ([approval], [approval, waiver], [waiver])
    ]
    assert [one.verdict for one in found] == [READY, READY, NOT_READY]
    assert [state_of(one, "y").mandatory for one in found] == [False, False, True]


def test_an_approval_counts_under_a_waiver_too() -> None:
    """And the waiver is only granted: there is no word for one that counts."""
    facts = unit(pc("a", states(x=None, y=1)))
    approval, waiver = grant("x", "approval", name="a"), grant("x", "waiver", name="b")
    first = judged(facts, approval)
    then = judged(facts, approval, waiver, now=NOW + 1, previous=first)
    assert [(one.subject, one.new) for one in compare(first, then)] == [("waiver:b", "granted")]
    last = judged(facts, approval, now=NOW + 2, previous=then)
    assert [(one.subject, one.old, one.new) for one in compare(then, last)] == [("waiver:b", "granted", "revoked")]


def lives(*steps: tuple[int, list[Waiver]]) -> list[Transition]:
    facts, before = unit(pc("a", states(x=9, y=1), seen=NOW)), None
    changes: list[Transition] = []
    for at, waivers in steps:
        after = judged(facts, *waivers, now=at, previous=before)
        changes += [one for one in compare(before, after) if one.subject.startswith("waiver:")]
        before = after
    return changes


def test_a_waiver_expires_loudly() -> None:
    short = grant("x", hours=0)
    short = replace(short, expires_at=NOW + 5 * MINUTE)
    changes = lives((NOW, []), (NOW + MINUTE, [short]), (NOW + 5 * MINUTE, [short]))
    assert [(one.subject, one.old, one.new, one.reason) for one in changes] == [
        ("waiver:w1", "", "granted", "waiver_granted"),
        ("waiver:w1", "granted", "expired", "waiver_expired"),
    ]
    assert (changes[0].evidence["requirement"], changes[0].evidence["author"]) == ("x", "Nguyễn An")
    assert changes[1].evidence["reason"] == "Máy mới về tuần sau"


def test_a_revoked_one_says_so() -> None:
    one = grant("x", "approval")
    gone = replace(one, revoked_at=NOW + MINUTE)
    assert [(change.new, change.reason) for change in lives((NOW, [one]), (NOW + MINUTE, [gone]))] == [
        ("granted", "approval_granted"), ("revoked", "approval_revoked"),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_each_end_has_its_words(lang: str) -> None:
    reasons = [f"{kind}_{end}" for kind in ("waiver", "approval") for end in ("granted", "expired", "revoked")]
    assert len({words.reason_word(reason, lang) for reason in reasons}) == 6
    assert not any("_" in words.reason_word(reason, lang) for reason in reasons)


def test_the_expiry_is_among_what_time_changes() -> None:
    facts = replace(unit(pc("a", states(x=9, y=1))), waivers=[replace(grant("x"), expires_at=NOW + 5 * MINUTE)])
    found = evaluate(RULES, facts, NOW, None)
    assert next_change(RULES, facts, found) == NOW + 5 * MINUTE
    later = replace(facts, waivers=[replace(grant("x"), created_at=NOW + MINUTE, expires_at=NOW + DAY)])
    assert next_change(RULES, later, evaluate(RULES, later, NOW, None)) == NOW + MINUTE
