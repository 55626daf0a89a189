"""Offices close and open: few rows tell of it, and what is read from them is what was shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from collector.readiness.evaluate import APPROVED
from collector.readiness.model import (
    RequirementState,
    Silence,
    Transition,
    UnitVerdict,
    Verdict,
    Waiver,
)
from collector.readiness.past import spans, time_in_state
from collector.readiness.rollup import ROLLED, rolled, unrolled
from tests.collector.readiness.cities import DAY, HOUR, MINUTE, NOW
from tests.collector.readiness.offices import CLOSED, OPEN, Desk, desks, office
from tests.collector.test_replay import NEW, OLD, Told, assert_told, waivers

SWEEPS = (
    *(CLOSED + after * MINUTE for after in (-60, -5, 0, 21, 31, 52, 101)),
    DAY,
    *(DAY + OPEN + after * MINUTE for after in (-25, 0, 7, 12, 29, 31, 45, 120)),
)


@st.composite
def nights(draw: st.DrawFn) -> Told:
    """One night or two; profiles, restarts, waivers and approvals come as they will."""
    told, expected = Told(waivers=draw(waivers())), draw(st.sampled_from([None, None, 6]))
    for number in range(draw(st.integers(1, 2))):
        found, day = draw(desks()), NOW + number * DAY
        for after in sorted(draw(st.sets(st.sampled_from(SWEEPS), min_size=4))):
            if told.shown and told.shown[-1].at >= day + after:
                continue
            held = draw(st.sampled_from([OLD, OLD, OLD, OLD, NEW]))
            told.judge(held, office(found, day + after, day, expected), day + after, restart=draw(st.booleans()))
    return told


def plain(told: Told) -> list[tuple[str, ...]]:
    """What there would be if each requirement had a row of its own for whatever happens to it."""
    before: dict[str, str] = {}
    found = []
    for verdict in told.shown:
        now = {f"requirement:{one.id}": one for one in verdict.requirements}
        for subject, one in now.items():
            if (old := before.get(subject, "")) != one.state:
                found.append((subject, str(verdict.at), old, str(one.state), one.reason))
        gone = before.keys() - now.keys()
        found += [(subject, str(verdict.at), before[subject], "unknown", "profile") for subject in gone]
        before = {subject: str(one.state) for subject, one in now.items()}
    return sorted(found)


def seen(changes: list[Transition]) -> list[tuple[str, ...]]:
    return sorted(
        (change.subject, str(change.at), change.old, change.new, change.reason)
        for change in changes
        if change.subject.startswith("requirement:")
    )


@settings(max_examples=60)
@given(nights())
def test_a_past_with_nights_is_told_as_it_was_shown(told: Told) -> None:
    assert_told(told)


@settings(max_examples=60)
@given(nights())
def test_each_requirement_is_told_as_if_it_had_rows_of_its_own(told: Told) -> None:
    """Whatever begins or ends with a silence: every change once, at its instant."""
    assert seen(unrolled(told.changes)) == plain(told)


@settings(max_examples=60)
@given(nights(), st.integers(0, 2 * DAY))
def test_a_period_is_whole_whenever_it_begins(told: Told, after: int) -> None:
    """With the newest row of each subject before it, as the store reads them."""
    start, end = NOW + after, NOW + 4 * DAY
    older = {change.subject: change for change in told.changes if change.at < start}
    rows = [change for change in told.changes if change.at >= start or change is older[change.subject]]
    part = {name: found for name, found in spans(unrolled(rows), start, end).items() if "requirement" in name}
    everything = spans(unrolled(told.changes), start, end)
    for name, found in part.items():
        assert [(one.state, one.start, one.began) for one in found] == [
            (one.state, one.start, one.began) for one in everything[name]
        ]
    assert part.keys() == {name for name in everything if name.startswith("requirement:")}


def still(name: str, morning: dict[str, int | None] | None = None) -> Desk:
    good: dict[str, int | None] = {"x": 1, "y": 1}
    return Desk(name, "pc", CLOSED, OPEN, good, good if morning is None else morning)


def rows(told: Told, at: int) -> list[tuple[str, str, str]]:
    """As they are stored."""
    return [(change.subject, change.new, change.reason) for change in told.changes if change.at == NOW + at]


EVENING, NIGHT, MORNING = CLOSED - HOUR, CLOSED + HOUR, DAY + OPEN + 20 * MINUTE


def night(*found: Desk, told: Told | None = None) -> Told:
    told = told or Told()
    for after in (EVENING, NIGHT, MORNING):
        told.judge(OLD, office(list(found), NOW + after, NOW), NOW + after)
    return told


def test_a_closing_office_is_three_rows_and_three_again() -> None:
    """However many requirements there are."""
    told = night(still("a"), still("b"))
    assert rows(told, NIGHT) == [
        ("verdict", "unknown", "office_closed"),
        ("silence", "office_closed", "office_closed"),
        ("requirements:unknown", "unknown", "office_closed"),
    ]
    assert rows(told, MORNING) == [
        ("verdict", "ready", ""),
        ("silence", "", "reporting"),
        ("requirements:ready", "ready", ""),
    ]


def test_an_office_whose_router_stays_on_is_told_as_shortly() -> None:
    """It is never silent as a whole: requirements say themselves that nobody is there to ask."""
    router = Desk("r", "router", 2 * DAY, None, {}, {})
    told = night(router, *[still(name) for name in "abcde"])
    assert [subject for subject, _, _ in rows(told, NIGHT)] == ["verdict", "silence", "requirements:unknown"]
    silence = next(change for change in told.changes if change.subject == "silence")
    assert (silence.new, silence.evidence["reporting"]) == ("office_closed", 1)
    found = told.at(NOW + NIGHT)
    assert found
    assert {one.reason for one in found.requirements if one.state is Verdict.UNKNOWN} == {"office_closed"}


def test_people_who_leave_one_by_one_make_requirements_unknown_before_their_unit() -> None:
    """That the unit falls silent for the same reason later takes theirs from none of them."""
    told = Told()
    leave = {"a": -10, "b": -10, "c": 20, "d": 70, "e": 70}
    found = [replace(still(name), off=CLOSED + after * MINUTE) for name, after in leave.items()]
    some, most = CLOSED + 31 * MINUTE, CLOSED + 52 * MINUTE
    for after in (EVENING, some, most):
        told.judge(OLD, office(found, NOW + after, NOW), NOW + after)
    assert ("requirements:unknown", "unknown", "office_closed") in rows(told, some)
    assert rows(told, most)[0] == ("silence", "office_closed", "office_closed")
    then = told.at(NOW + most)
    assert then
    assert (then.requirements[0].reason, then.requirements[0].since) == ("office_closed", NOW + some)


def test_a_fault_that_is_there_in_the_morning_has_a_row_with_its_device() -> None:
    """One of the night before too: whose it was on that day is asked for a year later."""
    told = Told()
    bad: dict[str, int | None] = {"x": 9, "y": 1}
    ill = replace(still("a"), evening=bad, morning=bad)
    night(ill, still("b"), told=told)
    assert ("requirement:x", "not_ready", "threshold") in rows(told, MORNING)
    found = told.at(NOW + MORNING)
    assert found
    x = found.requirements[0]
    assert (x.since, x.value, x.evidence[0].subject) == (NOW + MORNING, 9.0, "a")


def test_what_has_changed_overnight_has_a_row() -> None:
    told = night(still("a", morning={"x": 1, "y": 6}), still("b"))
    assert ("requirement:y", "at_risk", "threshold") in rows(told, MORNING)
    assert ("requirements:ready", "ready", "") in rows(told, MORNING)


def test_values_of_the_morning_are_those_of_the_morning() -> None:
    """Not of the day when the requirement last had a row of its own."""
    told = night(still("a", morning={"x": 4, "y": 3}), still("b", morning={"x": 4, "y": 3}))
    found = told.at(NOW + MORNING)
    assert found
    assert [(one.id, one.value, one.samples, one.coverage) for one in found.requirements[:2]] == [
        ("x", 4.0, 2, 1.0), ("y", 3.0, 2, 1.0),
    ]  # fmt: skip


def test_one_that_alone_is_ready_again_has_a_row_of_its_own() -> None:
    """A row of many carries the values of all that are ready."""
    told = Told()
    late = still("a")
    for after in (EVENING, NIGHT, MORNING):
        late.morning = {"x": 1, "y": None}
        told.judge(OLD, office([late], NOW + after, NOW), NOW + after)
    late.morning = {"x": 1, "y": 1}
    told.judge(OLD, office([late], NOW + MORNING + MINUTE, NOW), NOW + MORNING + MINUTE)
    assert rows(told, MORNING + MINUTE) == [("requirement:y", "ready", "")]
    assert_told(told)


def test_devices_that_are_lost_in_the_daytime_are_named() -> None:
    """That half an office is cut off is no closing."""
    told = Told()
    lost = replace(still("a"), off=CLOSED - 3 * HOUR)
    for after in (CLOSED - 4 * HOUR, EVENING):
        told.judge(OLD, office([lost, still("b")], NOW + after, NOW), NOW + after)
    assert ("requirement:x", "unknown", "lost_contact") in rows(told, EVENING)
    assert not {subject for subject, _, _ in rows(told, EVENING)} & ROLLED.keys()
    change = next(one for one in told.changes if one.subject == "requirement:x" and one.new == "unknown")
    assert {part["device"]: part["state"] for part in change.evidence["devices"]} == {"a": "unknown", "b": "ready"}


def test_times_in_a_state_leave_the_night_out() -> None:
    told = night(still("a"), still("b"))
    found = time_in_state(spans(unrolled(told.changes), NOW, NOW + MORNING + HOUR)["requirement:x"])
    assert found == {"ready": NIGHT - EVENING + HOUR, "unknown": MORNING - NIGHT}


def test_what_counts_by_approval_is_told_by_itself() -> None:
    """Its state alone would not tell by what."""
    approval = Waiver(
        id="a1", unit="27259", requirement="y", kind="approval", reason="Đã xem", author="An", created_at=NOW,
        expires_at=NOW + 9 * DAY,
    )  # fmt: skip
    silent_on: dict[str, int | None] = {"x": 1, "y": None}
    told = night(replace(still("a"), evening=silent_on, morning=silent_on), told=Told(waivers=[approval]))
    assert ("requirement:y", "unknown", "office_closed") in rows(told, NIGHT)
    assert ("requirement:y", "ready", APPROVED) in rows(told, MORNING)
    assert_told(told)


def test_a_waiver_that_ends_at_night_ends_then() -> None:
    waiver = Waiver(
        id="w1", unit="27259", requirement="x", kind="waiver", reason="Đang mua", author="An", created_at=NOW,
        expires_at=NOW + NIGHT + HOUR,
    )  # fmt: skip
    bad: dict[str, int | None] = {"x": 9, "y": 1}
    ill, told = replace(still("a"), evening=bad, morning=bad), Told(waivers=[waiver])
    for after in (EVENING, NIGHT, NIGHT + HOUR, MORNING):
        told.judge(OLD, office([ill], NOW + after, NOW), NOW + after, restart=True)
    assert rows(told, NIGHT + HOUR) == [("waiver:w1", "expired", "waiver_expired")]
    assert [found.verdict for after in (EVENING, MORNING) if (found := told.at(NOW + after))] == ["ready", "not_ready"]
    assert_told(told)


def test_a_silence_that_lasts_into_the_day_changes_its_word_only() -> None:
    gone = replace(still("a"), on=None)
    told = night(gone)
    assert rows(told, MORNING) == []
    late = DAY + OPEN + 31 * MINUTE
    told.judge(OLD, office([gone], NOW + late, NOW), NOW + late, restart=True)
    assert rows(told, late) == [("silence", "lost_contact", "lost_contact")]
    found = told.at(NOW + late)
    assert found
    assert {(one.reason, one.since) for one in found.requirements if one.id in "xy"} == {("lost_contact", NOW + NIGHT)}


def test_another_profile_at_night_is_told_with_what_leaves_and_comes() -> None:
    told = Told()
    for after, held in ((EVENING, OLD), (NIGHT, OLD), (NIGHT + HOUR, NEW), (MORNING, NEW)):
        told.judge(held, office([still("a")], NOW + after, NOW), NOW + after, restart=True)
    assert rows(told, NIGHT + HOUR) == [
        ("profile", "test@4", "profile"),
        ("requirement:z", "unknown", "office_closed"),
        ("requirement:now", "unknown", "profile"),
    ]
    assert_told(told)


def test_a_hold_time_goes_on_across_a_night_and_a_restart() -> None:
    """What was not ready in the evening waits in the morning; the row that tells of many remembers what was known."""
    bad: dict[str, int | None] = {"x": 9, "y": 1}
    mended, told = replace(still("a"), evening=bad), Told()
    for after in (EVENING, NIGHT, MORNING, MORNING + 20 * MINUTE):
        told.judge(OLD, office([mended], NOW + after, NOW), NOW + after, restart=after == MORNING)
    assert [verdict.requirements[0].state for verdict in told.shown] == ["not_ready", "unknown", "not_ready", "ready"]
    assert told.shown[2].requirements[0].reason == "holding"


def test_rows_of_older_releases_are_read_as_they_are() -> None:
    """Each of one requirement, nights too."""
    old = [
        Transition(unit="27259", subject=subject, at=at, old="", new=new, reason=reason, profile="test@3")
        for at, new, reason in ((1, "ready", ""), (2, "unknown", "office_closed"), (3, "ready", ""))
        for subject in ("verdict", "requirement:x", "requirement:y")
    ]
    assert unrolled(old) == old


def test_a_clock_that_is_set_back_hides_no_row() -> None:
    """What a row tells anew counts, whatever time those before it claim to be of."""
    told, facts = Told(), office([still("a")], NOW + EVENING, NOW)
    for now in (NOW + EVENING, NOW + EVENING - DAY):
        told.judge(OLD, facts, now)
    assert rows(told, EVENING - DAY)[2:] == [("requirements:unknown", "unknown", "no_data")]
    newest = {change.subject: change.new for change in told.newest()}
    assert (newest["requirement:x"], newest["requirement:y"]) == ("unknown", "unknown")


def test_what_was_never_ready_before_has_rows_of_its_own() -> None:
    """The first day of an office, and what was mended overnight: by whom it is ready now is news."""
    told = Told()
    early = replace(still("a"), evening={"x": None, "y": None})
    for after in (EVENING, EVENING + MINUTE):
        told.judge(OLD, office([early], NOW + after, NOW), NOW + after)
        early.evening = {"x": 1, "y": 1}
    assert rows(told, EVENING + MINUTE)[1:] == [("requirement:x", "ready", ""), ("requirement:y", "ready", "")]


def of(state: Verdict, reason: str, held: Verdict | None = Verdict.READY) -> RequirementState:
    return RequirementState(id="x", title={}, mandatory=True, state=state, since=NOW, reason=reason, held=held)


def verdict(state: RequirementState, silence: Silence | None, reporting: int) -> UnitVerdict:
    return UnitVerdict(
        unit="27259", verdict=Verdict.UNKNOWN, at=NOW, since=NOW, profile="test@3", expected=6, reporting=reporting,
        silence=silence, requirements=[state],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("silence", "reporting", "reason", "is_rolled"),
    [
        (Silence.OFFICE_CLOSED, 0, "office_closed", True),
        (Silence.OFFICE_CLOSED, 1, "office_closed", True),
        (Silence.OFFICE_CLOSED, 1, "too_old", False),
        (None, 4, "office_closed", True),
        (None, 4, "lost_contact", False),
        (Silence.LATE, 6, "too_old", False),
        (Silence.LOST_CONTACT, 0, "lost_contact", True),
        (Silence.NO_DATA, 0, "no_data", True),
    ],
)
def test_only_what_follows_from_a_silence_is_told_without_evidence(
    silence: Silence | None, reporting: int, reason: str, is_rolled: bool
) -> None:
    """Even one alone; why else a requirement is unknown is told by those of whom nothing is known."""
    before = verdict(of(Verdict.READY, ""), None, 6)
    found, told = rolled(before, verdict(of(Verdict.UNKNOWN, reason), silence, reporting))
    assert [row.subject for row in found] == (["requirements:unknown"] if is_rolled else [])
    assert told == ({"x"} if is_rolled else set())
