"""The verdict on a unit: Kleene's logic, coverage, silence."""

from __future__ import annotations

import pytest

from checks.kit.model import Outcome, Scalar
from collector.readiness.evaluate import evaluate
from collector.readiness.model import Silence, UnitFacts, UnitVerdict, Verdict
from collector.readiness.profile import Requirement
from tests.collector.readiness.cities import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    line,
    pc,
    profile,
    ran,
    reach,
    state_of,
    states,
    unit,
)

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN
VALUES: dict[Verdict, Scalar] = {READY: 1, AT_RISK: 6, NOT_READY: 9, UNKNOWN: None}


def judged(facts: UnitFacts, *lines: Requirement, now: int = NOW, previous: UnitVerdict | None = None) -> UnitVerdict:
    return evaluate(profile(*lines), facts, now, previous)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (READY, READY, READY),
        (READY, AT_RISK, AT_RISK),
        (AT_RISK, UNKNOWN, UNKNOWN),
        (READY, UNKNOWN, UNKNOWN),
        (NOT_READY, UNKNOWN, NOT_READY),
        (NOT_READY, AT_RISK, NOT_READY),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_mandatory_requirements_join_as_kleene_says(one: Verdict, other: Verdict, verdict: Verdict) -> None:
    found = judged(unit(pc("a", states(x=VALUES[one], y=VALUES[other]))), line("x"), line("y"))
    assert found.verdict is verdict
    assert found.deciding == [name for name, state in (("x", one), ("y", other)) if state is verdict is not READY]


@pytest.mark.parametrize("state", [AT_RISK, NOT_READY, UNKNOWN])
def test_advice_never_decides(state: Verdict) -> None:
    found = judged(unit(pc("a", states(x=1, y=VALUES[state]))), line("x"), line("y", mandatory=False))
    assert found.verdict is READY
    assert state_of(found, "y").state is state


def test_too_few_reporting_devices_are_never_ready() -> None:
    """Three of five report, and all is well with them: 60 % are not 80."""
    fresh = [pc(name, states(x=1)) for name in "abc"]
    found = judged(unit(*fresh, expected=5), line("x", coverage=0.0))
    assert (found.verdict, found.silence, found.reporting, found.expected) == (UNKNOWN, None, 3, 5)
    assert found.deciding == []


def test_a_known_fault_decides_whatever_the_missing_devices_would_say() -> None:
    found = judged(unit(pc("a", states(x=9)), expected=5), line("x"))
    assert (found.verdict, found.deciding) == (NOT_READY, ["x"])


def test_devices_that_are_not_on_the_roster_raise_what_is_expected() -> None:
    found = judged(unit(pc("a", states(x=1)), pc("b", states(x=1)), expected=1), line("x"))
    assert (found.expected, found.reporting) == (2, 2)


@pytest.mark.parametrize("status", ["pending", "quarantined", "revoked"])
def test_only_active_devices_count(status: str) -> None:
    found = judged(unit(pc("a", states(x=1)), pc("b", states(x=9), status=status), expected=1), line("x"))
    assert (found.verdict, found.expected) == (READY, 1)
    alone = judged(unit(pc("b", states(x=1), status=status), expected=0), line("x"))
    assert (alone.verdict, alone.silence) == (UNKNOWN, Silence.NEVER_ENROLLED)


@pytest.mark.parametrize(
    ("seen", "silence"),
    [
        (NOW, None),
        (NOW - 15 * MINUTE + 1, None),
        (NOW - 15 * MINUTE, Silence.LATE),
        (NOW - 30 * MINUTE, Silence.LATE),
        (NOW - 30 * MINUTE - 1, Silence.LOST_CONTACT),
        (NOW - 24 * HOUR, Silence.LOST_CONTACT),
        (NOW - 24 * HOUR - 1, Silence.NO_DATA),
    ],
)
def test_a_silent_unit_leaves_ready(seen: int, silence: Silence | None) -> None:
    """mất kết nối after 30 minutes, không có dữ liệu after 24 hours, exactly; late after 15, which is a word only."""
    found = judged(unit(pc("a", states(x=1), seen=seen)), line("x", max_age=30 * DAY))
    lost = silence is not None and silence is not Silence.LATE
    assert (found.verdict, found.silence) == (UNKNOWN if lost else READY, silence)
    assert found.silent_since == (seen if silence else None)
    assert state_of(found, "x").reason == (silence if lost else "")


def test_a_unit_without_devices_was_never_enrolled() -> None:
    found = judged(unit(expected=4), line("x"))
    assert (found.verdict, found.silence, found.silent_since, found.last_seen) == (
        UNKNOWN, Silence.NEVER_ENROLLED, None, None,
    )  # fmt: skip


def test_an_enrolled_device_that_never_reported_is_no_data_since_it_was_enrolled() -> None:
    found = judged(unit(pc("a", seen=None, enrolled_at=NOW - HOUR)), line("x"))
    assert (found.silence, found.silent_since) == (Silence.NO_DATA, NOW - HOUR)


def test_a_silent_unit_is_unknown_even_when_it_was_not_ready() -> None:
    found = judged(unit(pc("a", states(x=9), seen=NOW - HOUR)), line("x"))
    assert (found.verdict, found.deciding) == (UNKNOWN, [])


def test_since_lasts_while_the_state_does() -> None:
    facts = unit(pc("a", states(x=1)))
    first = judged(facts, line("x"))
    second = judged(facts, line("x"), now=NOW + MINUTE, previous=first)
    assert (second.since, state_of(second, "x").since, second.at) == (NOW, NOW, NOW + MINUTE)
    worse = judged(unit(pc("a", states(x=9))), line("x"), now=NOW + 2 * MINUTE, previous=second)
    assert (worse.since, state_of(worse, "x").since) == (NOW + 2 * MINUTE, NOW + 2 * MINUTE)


def test_the_verdict_names_its_profile_and_what_is_needed() -> None:
    found = judged(unit(pc("a", states(x=6.5))), line("x", unit="years"))
    state = state_of(found, "x")
    assert found.profile == "test@3"
    assert (state.value, state.need, state.unit, state.samples) == (6.5, "≤ 5 năm", "years", 1)
    assert state.source == {"vi": "thử", "en": "test"}


def test_a_check_that_never_ran_is_unknown() -> None:
    found = judged(unit(pc("a", ran("connectivity", "portal"))), line("x"), reach())
    assert (found.verdict, found.deciding) == (UNKNOWN, ["x"])
    assert state_of(found, "x").reason == "no_samples"


def test_a_check_that_could_not_measure_says_why() -> None:
    found = judged(unit(pc("a", ran("device", outcome=Outcome.ERROR, reason="child_hung"))), line("x"))
    assert (state_of(found, "x").state, state_of(found, "x").reason) == (UNKNOWN, "child_hung")
