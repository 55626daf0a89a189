"""Why nothing is heard: five different things, and what the office's calendar has to do with it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome
from collector.readiness import silence
from collector.readiness.evaluate import evaluate, next_change
from collector.readiness.model import Calendar, DeviceFacts, Silence, UnitFacts, UnitVerdict, Verdict
from tests.collector.readiness.cities import (
    DAY,
    FRESHNESS,
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

CLOSED_AT = NOW - 3 * HOUR
NIGHT = Calendar(open=False, since=CLOSED_AT, closed_at=CLOSED_AT, until=NOW + 10 * HOUR)
OPENED = NOW - 10 * MINUTE
MORNING = Calendar(open=True, since=OPENED, closed_at=OPENED - 14 * HOUR, until=OPENED + 4 * HOUR)
LINE = line("x", max_age=30 * DAY)


def judged(
    *devices: DeviceFacts, calendar: Calendar, now: int = NOW, previous: UnitVerdict | None = None, expected: int = 0
) -> UnitVerdict:
    facts = replace(unit(*devices, expected=expected or None), calendar=calendar)
    return evaluate(profile(LINE), facts, now, previous)


def off(name: str, seen: int = CLOSED_AT) -> DeviceFacts:
    return pc(name, states(x=1), seen=seen)


@pytest.mark.parametrize(
    ("seen", "role", "word"),
    [
        (CLOSED_AT + HOUR, "pc", Silence.OFFICE_CLOSED),
        (CLOSED_AT - 30 * MINUTE, "pc", Silence.OFFICE_CLOSED),
        (CLOSED_AT - 30 * MINUTE - 1, "pc", Silence.LOST_CONTACT),
        (CLOSED_AT - 2 * DAY, "pc", Silence.NO_DATA),
        (CLOSED_AT, "kiosk", Silence.OFFICE_CLOSED),
        (CLOSED_AT, "router", Silence.LOST_CONTACT),
        (NOW - 20 * MINUTE, "pc", Silence.LATE),
        (NOW, "pc", None),
        (None, "pc", Silence.NO_DATA),
    ],
)
def test_who_had_not_lost_contact_when_the_office_closed_is_only_switched_off(
    seen: int | None, role: str, word: Silence | None
) -> None:
    """A router runs day and night: its silence is never put down to the hour."""
    assert silence.of_device(role, seen, NIGHT, FRESHNESS, NOW) is word


def test_a_closed_office_has_half_an_hour_to_switch_on() -> None:
    seen = MORNING.closed_at
    words = [
        silence.of_device("pc", seen, MORNING, FRESHNESS, OPENED + wait) for wait in (0, 30 * MINUTE, 30 * MINUTE + 1)
    ]
    assert words == [Silence.OFFICE_CLOSED, Silence.OFFICE_CLOSED, Silence.LOST_CONTACT]


def test_at_night_a_unit_is_closed_and_its_last_verdict_is_remembered() -> None:
    day = judged(off("a"), calendar=Calendar(), now=CLOSED_AT)
    night = judged(off("a"), calendar=NIGHT, previous=day)
    assert (night.verdict, night.silence, night.silent_since) == (Verdict.UNKNOWN, Silence.OFFICE_CLOSED, CLOSED_AT)
    assert (night.known, night.known_at, night.deciding) == (Verdict.READY, NOW, [])
    assert state_of(night, "x").reason == "office_closed"
    later = judged(off("a"), calendar=NIGHT, now=NOW + HOUR, previous=night)
    assert (later.known, later.known_at) == (Verdict.READY, NOW)
    back = judged(off("a", seen=NOW + 2 * HOUR), calendar=NIGHT, now=NOW + 2 * HOUR, previous=later)
    assert (back.verdict, back.known, back.known_at) == (Verdict.READY, None, None)


def test_who_was_lost_before_closing_stays_lost_at_night() -> None:
    found = judged(off("a", seen=CLOSED_AT - HOUR), calendar=NIGHT)
    assert (found.silence, found.silent_since) == (Silence.LOST_CONTACT, CLOSED_AT - HOUR)


def test_a_router_that_reports_at_night_does_not_open_the_office() -> None:
    router = pc("r", seen=NOW, role="router")
    found = judged(router, *(off(name) for name in "abcd"), calendar=NIGHT)
    assert (found.verdict, found.silence, found.reporting) == (Verdict.UNKNOWN, Silence.OFFICE_CLOSED, 1)
    assert found.silent_since == CLOSED_AT


def test_one_pc_that_was_lost_before_does_not_hide_that_the_office_is_closed() -> None:
    """Without it enough would report."""
    router = pc("r", seen=NOW, role="router")
    found = judged(router, off("z", seen=NOW - 3 * DAY), *(off(name) for name in "abcd"), calendar=NIGHT)
    assert found.silence is Silence.OFFICE_CLOSED


def test_too_many_lost_before_closing_are_not_a_closed_office() -> None:
    router = pc("r", seen=NOW, role="router")
    found = judged(router, *(off(name, seen=NOW - 3 * DAY) for name in "abc"), off("d"), calendar=NIGHT)
    assert (found.verdict, found.silence) == (Verdict.UNKNOWN, None)


def test_what_a_router_proves_at_night_decides_though_the_office_is_closed() -> None:
    """The dedicated network is watched around the clock."""
    down = ran("connectivity", "portal", Outcome.FAILED, reason="tcp_timeout")
    facts = unit(pc("r", down, role="router"), *(off(name) for name in "abcd"))
    found = evaluate(profile(reach(roles=("router",)), LINE), replace(facts, calendar=NIGHT), NOW, None)
    assert (found.verdict, found.silence, found.deciding) == (Verdict.NOT_READY, None, ["now"])


def test_the_device_heard_of_last_speaks_for_the_unit() -> None:
    """PCs went off at five, the router at eight: the power is gone, or the line."""
    router = pc("r", seen=NOW - HOUR, role="router")
    found = judged(router, off("a"), calendar=NIGHT)
    assert (found.silence, found.silent_since) == (Silence.LOST_CONTACT, NOW - HOUR)


def test_a_unit_that_is_late_keeps_its_verdict() -> None:
    found = judged(off("a", seen=NOW - 20 * MINUTE), calendar=Calendar())
    assert (found.verdict, found.silence, found.silent_since) == (Verdict.READY, Silence.LATE, NOW - 20 * MINUTE)


def test_a_clock_set_back_neither_reports_for_ever_nor_is_lost_for_good() -> None:
    """A device from next year counts by its newest credible result; one a little ahead is here now."""
    assert judged(off("a", seen=NOW + 10 * MINUTE), calendar=Calendar()).verdict is Verdict.READY
    ahead = pc("a", ran("device", at=NOW - HOUR, facts={"x": 1}), seen=NOW + 365 * DAY)
    found = judged(ahead, calendar=Calendar())
    assert (found.silence, found.last_seen) == (Silence.LOST_CONTACT, NOW - HOUR)
    assert judged(pc("a", seen=NOW + 365 * DAY), calendar=Calendar()).silence is Silence.NO_DATA


def dues(facts: UnitFacts) -> list[int]:
    """Minutes from NOW to each change of verdict or silence that time alone brings, in two days."""
    found, seen = evaluate(profile(LINE), facts, NOW, None), []
    while (due := next_change(profile(LINE), facts, found)) is not None and due < NOW + 2 * DAY:
        after = evaluate(profile(LINE), facts, due, found)
        if (after.verdict, after.silence) != (found.verdict, found.silence):
            seen.append((due - NOW) // MINUTE)
        found = after
    return seen


def test_time_alone_makes_a_unit_late_then_lost_then_gone() -> None:
    assert dues(unit(off("a", seen=NOW))) == [15, 30, 24 * 60]


def test_the_calendar_is_among_what_time_changes() -> None:
    """The office has opened ten minutes ago: in twenty it has had its time."""
    facts = replace(unit(off("a", seen=MORNING.closed_at)), calendar=MORNING)
    assert dues(facts) == [20, 9 * 60 + 50]
    found = evaluate(profile(LINE), replace(facts, calendar=NIGHT), NOW, None)
    assert NIGHT.until is not None
    assert next_change(profile(LINE), replace(facts, calendar=NIGHT), found) is not None
