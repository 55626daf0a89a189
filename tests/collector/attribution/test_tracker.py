"""Findings open, clear, come back, merge and close; each under one id."""

from __future__ import annotations

from msgspec.structs import replace

from collector.attribution.model import Cause, Finding
from collector.attribution.tracker import CLOSE_AFTER, Moves, advance, identity, is_present
from tests.collector.attribution.faults import HOUR, MINUTE, NOW, UNITS, access, destination, device, lan, provider


def opened(*seen: Finding, at: int = NOW) -> list[Finding]:
    return advance([], seen, at).open


def told(moves: Moves) -> list[tuple[str, str, str]]:
    return [(event.what, event.finding.segment, event.finding.subject) for event in moves.events]


def test_a_finding_opens_under_an_id_that_follows_from_what_and_when() -> None:
    """So that replicas and replays agree."""
    moves = advance([], [access()], NOW)
    (found,) = moves.open
    assert (found.opened_at, found.id) == (NOW, identity(access().key, NOW))
    assert len(found.id) == 8
    assert found.id.isalnum()
    assert identity(access().key, NOW + 1) != found.id != identity(access(UNITS[1]).key, NOW)
    assert told(moves) == [("opened", "access", UNITS[0])]
    assert moves.changed == [found]


def test_what_stays_the_same_is_stored_once() -> None:
    """A fault that lasts is not written at every sweep, though its counts move; they are stored when it clears."""
    found = opened(access())
    moved = access(last=NOW + MINUTE, failing=9, working=1, confidence=0.9, devices=("27259-1",))
    moves = advance(found, [moved], NOW + MINUTE)
    assert (moves.changed, moves.events) == ([], [])
    assert [(one.last, one.failing, one.confidence) for one in moves.open] == [(NOW + MINUTE, 9, 0.9)]
    assert [one.failing for one in advance(moves.open, [], NOW + MINUTE).changed] == [9]
    more = advance(moves.open, [access(reason="tcp_timeout")], NOW + MINUTE)
    assert [one.reason for one in more.changed] == ["tcp_timeout"]


def test_the_same_place_goes_on_with_its_newest_cause_and_reach() -> None:
    """Its id, its opening and its oldest observation stay."""
    before = opened(provider(units=UNITS[:2], confidence=0.6))
    later = provider(cause=Cause.DNS, confidence=0.9, first=NOW + MINUTE, last=NOW + 2 * MINUTE)
    (after,) = advance(before, [later], NOW + 2 * MINUTE).open
    assert (after.id, after.opened_at, after.first, after.last) == (before[0].id, NOW, NOW, NOW + 2 * MINUTE)
    assert (after.cause, after.units, after.confidence) == (Cause.DNS, UNITS, 0.9)


def test_what_is_not_seen_is_cleared_at_once_and_closed_after_a_while() -> None:
    """Cleared, it is no longer present; closed, it is no longer open."""
    cleared = advance(opened(access()), [], NOW + MINUTE)
    assert told(cleared) == [("cleared", "access", UNITS[0])]
    assert [is_present(finding) for finding in cleared.open] == [False]
    almost = advance(cleared.open, [], NOW + MINUTE + CLOSE_AFTER - 1)
    assert (almost.events, almost.changed, len(almost.open)) == ([], [], 1)
    closed = advance(almost.open, [], NOW + MINUTE + CLOSE_AFTER)
    assert told(closed) == [("closed", "access", UNITS[0])]
    assert closed.open == []
    assert closed.closed == closed.changed
    assert (closed.closed[0].cleared_at, closed.closed[0].closed_at) == (NOW + MINUTE, NOW + MINUTE + CLOSE_AFTER)


def test_a_line_that_comes_and_goes_is_one_finding() -> None:
    """It counts how often it came back."""
    open = opened(access())
    name = open[0].id
    for round in range(1, 6):
        open = advance(open, [], NOW + round * 10 * MINUTE).open
        moves = advance(open, [access()], NOW + round * 10 * MINUTE + 5 * MINUTE)
        assert told(moves) == [("returned", "access", UNITS[0])]
        open = moves.open
    assert [(finding.id, finding.flaps, finding.cleared_at) for finding in open] == [(name, 5, None)]


def test_what_returns_after_it_was_closed_is_a_new_finding() -> None:
    """The old one is history."""
    cleared = advance(opened(access()), [], NOW + MINUTE).open
    closed = advance(cleared, [], NOW + HOUR)
    again = advance(closed.open, [access()], NOW + 2 * HOUR).open
    assert [finding.opened_at for finding in again] == [NOW + 2 * HOUR]
    assert again[0].id != closed.closed[0].id


def test_a_provider_swallows_the_lines_that_were_blamed_first() -> None:
    """One outage, one finding; what was opened before points to it."""
    lines = opened(access(UNITS[0]), access(UNITS[1]), lan(UNITS[2]))
    moves = advance(lines, [provider()], NOW + MINUTE)
    (whole,) = moves.open
    assert (whole.segment, whole.opened_at) == ("provider", NOW + MINUTE)
    assert {finding.merged_into for finding in moves.closed} == {whole.id}
    assert sorted(what for what, _, _ in told(moves)) == ["merged", "merged", "merged", "opened"]


def test_a_line_in_another_network_or_of_another_provider_is_not_swallowed() -> None:
    """It is simply over."""
    lines = opened(access(UNITS[0], "tslcd"), access(UNITS[2]))
    moves = advance(lines, [provider(units=UNITS[:2])], NOW + MINUTE)
    assert moves.closed == []
    assert sum(not is_present(finding) for finding in moves.open) == 2


def test_a_system_that_is_down_swallows_who_seemed_to_fail_alone() -> None:
    """Only those that failed for this system and no other."""
    alone = opened(device("27259-1"), device("27259-2", targets=("mail",)))
    moves = advance(alone, [destination()], NOW + MINUTE)
    assert [finding.subject for finding in moves.closed] == ["27259-1"]
    assert moves.closed[0].merged_into == next(one.id for one in moves.open if one.segment == "destination")


def test_an_office_network_swallows_its_pcs() -> None:
    """And no PC of another unit."""
    pcs = opened(device("27259-1"), device("27265-1", UNITS[1]))
    moves = advance(pcs, [lan()], NOW + MINUTE)
    assert [finding.subject for finding in moves.closed] == ["27259-1"]


def test_what_shows_itself_is_part_of_nothing_else() -> None:
    """A clock that is set right while the provider fails was wrong all the same."""
    clock = opened(device("27259-1", cause=Cause.CLOCK))
    assert advance(clock, [provider()], NOW + MINUTE).closed == []
    expired = opened(device("27259-1", cause=Cause.CERTIFICATE))
    moves = advance(expired, [destination(cause=Cause.CERTIFICATE)], NOW + MINUTE)
    assert [finding.subject for finding in moves.closed] == ["27259-1"]


def test_a_provider_that_recovers_is_no_part_of_a_line_that_was_down_before() -> None:
    """They were two faults all along."""
    both = opened(provider(), access(UNITS[1]))
    moves = advance(both, [access(UNITS[1])], NOW + MINUTE)
    assert moves.closed == []
    assert [is_present(finding) for finding in moves.open] == [True, False]


def test_two_rows_of_one_place_become_one() -> None:
    """As two writers might have left them: the older goes on."""
    first, second = replace(access(), id="a", opened_at=NOW), replace(access(), id="b", opened_at=NOW + MINUTE)
    moves = advance([second, first], [access()], NOW + HOUR)
    assert [finding.id for finding in moves.open] == ["a"]
    assert [(finding.id, finding.merged_into) for finding in moves.closed] == [("b", "a")]


def test_a_place_that_is_seen_twice_at_once_is_one_finding() -> None:
    """The surer sight counts."""
    (found,) = opened(access(confidence=0.9, reason="tcp_timeout"), access(confidence=0.5, cause=Cause.SLOW))
    assert (found.cause, found.confidence) == (Cause.UNREACHABLE, 0.9)
