"""What is kept of a change."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from collector.readiness.evaluate import evaluate
from collector.readiness.model import Calendar, Silence, UnitFacts, UnitVerdict, Waiver
from collector.readiness.transitions import LONGEST, SHOWN_DEVICES, compare
from tests.collector.readiness.cities import DAY, HOUR, MINUTE, NOW, line, pc, profile, reach, states, unit

PROFILE = profile(line("x"), line("y", mandatory=False))
GOOD = unit(pc("a", states(x=1, y=1)))
BAD = unit(pc("a", states(x=9, y=1)))


def judged(facts: UnitFacts, now: int = NOW, previous: UnitVerdict | None = None) -> UnitVerdict:
    return evaluate(PROFILE, facts, now, previous)


def changes(old: UnitVerdict | None, new: UnitVerdict) -> list[tuple[str, str, str, str]]:
    return [(change.subject, change.old, change.new, change.reason) for change in compare(old, new)]


def test_the_first_verdict_is_a_change_from_nothing() -> None:
    assert changes(None, judged(BAD)) == [
        ("verdict", "", "not_ready", "requirement:x"),
        ("requirement:x", "", "not_ready", "threshold"),
        ("requirement:y", "", "ready", ""),
    ]


def test_the_first_states_are_told_whole_unknown_ones_too() -> None:
    assert changes(None, judged(unit())) == [
        ("verdict", "", "unknown", "never_enrolled"),
        ("silence", "", "never_enrolled", "never_enrolled"),
        ("requirement:x", "", "unknown", "never_enrolled"),
        ("requirement:y", "", "unknown", "never_enrolled"),
    ]


def test_no_change_is_no_transition() -> None:
    first = judged(GOOD)
    assert compare(first, judged(GOOD, NOW + MINUTE, first)) == []


def test_a_fault_is_kept_with_its_value_need_and_device() -> None:
    first = judged(GOOD)
    verdict, requirement = compare(first, judged(BAD, NOW + MINUTE, first))
    assert (verdict.unit, verdict.at, verdict.profile) == ("27259", NOW + MINUTE, "test@3")
    assert requirement.evidence == {
        "state": "not_ready", "value": 9.0, "unit": "", "need": "≤ 5", "reason": "threshold", "samples": 1,
        "coverage": 1.0,
        "devices": [{"device": "a", "target": "", "state": "not_ready", "value": 9.0, "reason": "threshold"}],
        "counts": {"not_ready": 1}, "deciding": True,
    }  # fmt: skip
    assert verdict.evidence == {"reporting": 1, "expected": 1, "deciding": {"x": requirement.evidence}}


def test_silence_comes_and_goes() -> None:
    first = judged(GOOD)
    quiet = judged(unit(pc("a", states(x=1, y=1), seen=NOW - HOUR)), NOW, first)
    assert changes(first, quiet) == [
        ("verdict", "ready", "unknown", "lost_contact"),
        ("silence", "", "lost_contact", "lost_contact"),
        ("requirements:unknown", "", "unknown", "lost_contact"),
    ]
    assert ("silence", "lost_contact", "", "reporting") in changes(quiet, judged(GOOD, NOW, quiet))


def test_a_line_that_leaves_the_profile_becomes_unknown() -> None:
    old = evaluate(profile(line("x"), line("z")), unit(pc("a", states(x=1, z=1))), NOW, None)
    assert ("requirement:z", "ready", "unknown", "profile") in changes(old, judged(GOOD, NOW, old))


def test_too_few_devices_are_the_reason() -> None:
    few = evaluate(profile(line("x", coverage=0.0)), unit(pc("a", states(x=1)), expected=9), NOW, None)
    assert changes(None, few)[0] == ("verdict", "", "unknown", "low_coverage")


def test_evidence_stays_small_and_can_be_stored() -> None:
    """A hundred failing devices: the worst few are named, the rest is a count."""
    crowd = unit(*[pc(f"d{number:03}", states(x=9)) for number in range(100)])
    for change in compare(None, evaluate(profile(line("x"), reach()), crowd, NOW, None)):
        assert len(msgspec.json.encode(change)) < 2000
        assert len(change.evidence.get("devices", [])) <= SHOWN_DEVICES


def test_a_new_profile_is_a_change_of_its_own() -> None:
    """Else a past that changed nothing but its rules could not be told from one that did not."""
    first = judged(GOOD)
    raised = replace(PROFILE, version=4)
    then = evaluate(raised, GOOD, NOW + MINUTE, first)
    assert changes(first, then) == [("profile", "test@3", "test@4", "profile")]
    assert compare(first, then)[0].profile == "test@4"


def test_a_name_longer_than_its_column_is_cut() -> None:
    """PostgreSQL refuses what does not fit, and with it the whole sweep."""
    first = judged(GOOD)
    then = evaluate(replace(PROFILE, id="a" * 48), GOOD, NOW + MINUTE, first)
    assert [len(change.new) for change in compare(first, then)] == [LONGEST]


def test_what_is_late_only_leaves_no_row() -> None:
    """Agents with little to say report every quarter of an hour."""
    first = judged(GOOD)
    late = judged(unit(pc("a", states(x=1, y=1), seen=NOW - 16 * MINUTE)), NOW, first)
    assert late.silence is Silence.LATE
    assert compare(first, late) == []
    assert ("verdict", "", "ready", "") in changes(None, late)


def test_what_is_kept_suffices_to_tell_the_state_again() -> None:
    """How many parts there are in each state, whether it decided, and whose approval it was."""
    waived = Waiver(
        id="w1",
        unit="27259",
        requirement="x",
        kind="waiver",
        reason="r",
        author="a",
        created_at=0,
        expires_at=NOW + HOUR,
    )
    found = judged(replace(BAD, waivers=[waived]))
    kept = next(change for change in compare(None, found) if change.subject == "requirement:x").evidence
    assert (kept["counts"], kept["deciding"], kept["waiver"]) == ({"not_ready": 1}, False, "w1")


def test_the_verdict_before_closing_is_kept_with_the_silence() -> None:
    first = judged(GOOD)
    closed = Calendar(open=False, since=NOW, closed_at=NOW, until=NOW + DAY)
    night = evaluate(PROFILE, replace(GOOD, calendar=closed), NOW + HOUR, first)
    verdict, silence, *_ = compare(first, night)
    assert (verdict.new, verdict.reason, verdict.evidence["known"]) == ("unknown", "office_closed", "ready")
    assert (silence.new, silence.evidence["silent_since"], silence.evidence["reporting"]) == ("office_closed", NOW, 0)
