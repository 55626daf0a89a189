"""Findings of which nothing can be known go on, and systems that seemed to be down are part of their provider."""

from __future__ import annotations

import pytest

from collector.attribution.model import Cause, Finding, Observation
from collector.attribution.tracker import CLOSE_AFTER, advance, is_present, rests
from tests.collector.attribution.faults import (
    HOUR,
    MINUTE,
    NOW,
    UNITS,
    access,
    bad,
    destination,
    device,
    lan,
    ok,
    provider,
)  # fmt: skip


def opened(*seen: Finding) -> list[Finding]:
    return advance([], seen, NOW).open


def test_a_finding_that_is_held_goes_on_unchanged() -> None:
    """However long; the first time that it is not, it is cleared."""
    open = opened(access())
    moves = advance(open, [], NOW + 62 * HOUR, held={open[0].id})
    assert (moves.open, moves.changed, moves.events) == (open, [], [])
    assert [event.what for event in advance(open, [], NOW + 63 * HOUR).events] == ["cleared"]


def test_a_finding_that_is_held_and_seen_goes_on_as_it_is_seen() -> None:
    open = opened(access())
    (after,) = advance(open, [access(last=NOW + MINUTE)], NOW + MINUTE, held={open[0].id}).open
    assert (after.id, after.last) == (open[0].id, NOW + MINUTE)


@pytest.mark.parametrize("later", [0, 2 * HOUR])
def test_a_finding_that_is_held_does_not_shrink_to_who_is_still_there(later: int) -> None:
    """Those who went home are no less stopped, and the one who stays is stopped by nothing else, however late it is."""
    (held,) = opened(provider())
    still = access(UNITS[1], first=held.first + later, last=held.last + later)
    moves = advance([held], [still], NOW + later + MINUTE, held={held.id})
    assert (moves.open, moves.changed) == ([held], [])


def test_what_is_no_part_of_a_finding_that_is_held_is_shown_beside_it() -> None:
    """Another cause, which shows itself."""
    (held,) = opened(provider())
    moves = advance([held], [access(UNITS[1], cause=Cause.POWER)], NOW + MINUTE, held={held.id})
    assert [finding.segment for finding in moves.open] == ["access", "provider"]
    assert all(is_present(finding) for finding in moves.open)


def test_a_finding_that_is_held_is_swallowed_by_a_wider_one() -> None:
    (held,) = opened(access())
    moves = advance([held], [provider()], NOW + MINUTE, held={held.id})
    assert [(finding.id, finding.merged_into) for finding in moves.closed] == [(held.id, moves.open[0].id)]


def test_what_was_cleared_before_is_closed_in_its_time() -> None:
    """Nothing holds it."""
    (cleared,) = advance(opened(access()), [], NOW + MINUTE).open
    moves = advance([cleared], [], NOW + MINUTE + CLOSE_AFTER, held={cleared.id})
    assert moves.open == []


OFFICE = lan()
ONE, TWO = OFFICE.devices


@pytest.mark.parametrize(
    ("away", "observed", "held"),
    [
        ((ONE, TWO), [], True),
        ((ONE,), [], True),
        ((), [], False),
        ((ONE,), [bad(TWO)], True),
        ((ONE,), [ok(TWO)], False),
        ((ONE,), [ok(TWO), bad(TWO, "mail")], True),
        ((ONE,), [ok(TWO, "elsewhere")], True),
        ((ONE,), [ok("another")], True),
        ((ONE, TWO), [ok(ONE)], True),
    ],
)
def test_a_finding_rests_while_some_are_away_and_no_other_says_that_it_is_over(
    away: tuple[str, ...], observed: list[Observation], held: bool
) -> None:
    """Another of its devices that reaches what it stops, and fails at none of it."""
    assert rests(OFFICE, away, observed) is held


def test_a_silence_rests_only_while_all_of_it_is_away() -> None:
    """Who is heard is silent no more."""
    dark = lan(cause=Cause.POWER, targets=())
    assert rests(dark, {ONE, TWO}, [])
    assert not rests(dark, {ONE}, [])
    assert not rests(lan(devices=(), targets=()), {ONE}, [])


def test_systems_that_seem_down_at_first_are_part_of_their_provider() -> None:
    """The first failures of a provider that fails in part may all be at one system."""
    systems = opened(destination("portal", UNITS[:2]), destination("mail"))
    moves = advance(systems, [provider(network="tslcd")], NOW + MINUTE)
    (whole,) = moves.open
    assert [(one.subject, one.merged_into) for one in moves.closed] == [("mail", whole.id), ("portal", whole.id)]


@pytest.mark.parametrize(
    ("system", "whole"),
    [
        (destination("map"), provider()),
        (destination("portal"), provider(units=UNITS[:2])),
        (destination("portal", cause=Cause.CERTIFICATE), provider()),
        (destination("portal"), access()),
    ],
    ids=["system", "units", "cause", "place"],
)
def test_a_system_that_was_down_beyond_a_provider_is_no_part_of_it(system: Finding, whole: Finding) -> None:
    """At a system or in a unit that the provider does not stop, or for a reason of its own."""
    moves = advance(opened(system), [whole], NOW + MINUTE)
    assert moves.closed == []
    assert sum(is_present(finding) for finding in moves.open) == 1


def test_a_system_that_recovers_is_no_part_of_a_provider_that_was_down_before() -> None:
    """They were two faults all along."""
    both = opened(provider(), destination())
    assert advance(both, [provider()], NOW + MINUTE).closed == []


def test_a_pc_that_stays_in_the_evening_changes_nothing_for_the_others() -> None:
    """It has no finding of its own, and the office's never ceases."""
    office = opened(lan())
    evening = advance(office, [device(ONE)], NOW + HOUR, held={office[0].id}).open
    morning = advance(evening, [lan()], NOW + 15 * HOUR)
    assert [one.id for one in evening] == [office[0].id]
    assert [(one.id, one.flaps) for one in morning.open] == [(office[0].id, 0)]
    assert morning.closed == []
