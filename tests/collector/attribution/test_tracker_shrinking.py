"""A fault that is mended office by office stays the fault that it was, until the last is well."""

from __future__ import annotations

import pytest

from collector.attribution.attribute import attribute
from collector.attribution.model import Cause, Finding, Line, Observation, Topology
from collector.attribution.tracker import CLOSE_AFTER, Event, advance, is_present
from tests.collector.attribution.faults import HOUR, MINUTE, NOW, UNITS, access, destination, device, lan, provider

LATER = NOW + MINUTE


def opened(*seen: Finding) -> list[Finding]:
    return advance([], seen, NOW).open


def dark(unit: str = UNITS[1]) -> Finding:
    """An office of which nothing is heard."""
    return lan(unit, cause=Cause.POWER, targets=())


@pytest.mark.parametrize(
    ("whole", "left"),
    [
        (provider(), [access(UNITS[1])]),
        (provider(), [access(UNITS[0]), access(UNITS[2])]),
        (provider(), [lan(UNITS[1])]),
        (provider(cause=Cause.DNS), [lan(UNITS[1], cause=Cause.DNS)]),
        (provider(), [device("27265-1", UNITS[1])]),
        (destination(), [device("27265-1", UNITS[1])]),
        (provider(targets=()), [dark()]),
        (lan(), [device("27259-1")]),
    ],
    ids=["line", "lines", "office", "resolver", "device", "system", "silence", "office's device"],
)
def test_what_is_left_of_a_fault_goes_on_as_that_fault(whole: Finding, left: list[Finding]) -> None:
    """Under its id, with its cause; of fewer units, and nothing is opened."""
    (before,) = opened(whole)
    moves = advance([before], left, LATER)
    (after,) = moves.open
    assert (after.id, after.key, after.cause) == (before.id, whole.key, whole.cause)
    assert after.units == tuple(sorted(unit for one in left for unit in one.units))
    assert is_present(after)
    assert moves.events == []


@pytest.mark.parametrize(
    "new",
    [
        access(UNITS[1], first=NOW + 1, last=LATER),
        access(UNITS[1], "tslcd"),
        access("30000"),
        device("27265-1", UNITS[1], cause=Cause.CLOCK),
        lan(UNITS[1], cause=Cause.CAPTIVE_PORTAL),
        dark(),
    ],
    ids=["failed again since", "network", "unit", "clock", "portal", "silence"],
)
def test_what_is_not_left_of_it_is_a_fault_of_its_own(new: Finding) -> None:
    """The provider is well again."""
    (before,) = opened(provider())
    after = {one.key: one for one in advance([before], [new], LATER).open}
    assert (after[new.key].opened_at, is_present(after[new.key])) == (LATER, True)
    assert before.key not in after or not is_present(after[before.key])


def test_a_line_that_still_fails_a_round_later_is_named_as_what_it_is() -> None:
    """All its failures are newer than the provider's last: it is no more than that line, and the provider's finding
    points to it."""
    (before,) = opened(provider())
    (shrunk,) = advance([before], [access(UNITS[1], last=LATER)], LATER).open
    moves = advance([shrunk], [access(UNITS[1], first=LATER, last=NOW + HOUR)], NOW + HOUR)
    (line,) = moves.open
    assert (line.segment, line.opened_at) == ("access", NOW + HOUR)
    assert [(one.id, one.merged_into, one.units) for one in moves.closed] == [(before.id, line.id, UNITS)]


def test_a_line_that_was_down_before_stays_beside_what_is_left() -> None:
    """They were two faults all along."""
    both = opened(provider(), access(UNITS[0]))
    after = advance(both, [access(UNITS[0]), access(UNITS[1])], LATER)
    assert [(one.segment, one.units) for one in after.open] == [("access", UNITS[:1]), ("provider", UNITS[1:2])]
    assert after.events == []


def test_what_is_left_of_two_faults_goes_on_as_the_larger() -> None:
    """The other is part of it."""
    both = opened(provider(), destination("portal", UNITS[:2]))
    moves = advance(both, [device("27259-1")], LATER)
    assert [(one.segment, one.units) for one in moves.open] == [("destination", UNITS[:2]), ("provider", UNITS[:1])]
    assert [is_present(one) for one in moves.open] == [False, True]


def test_a_fault_that_is_over_is_remembered_by_all_its_units() -> None:
    """It closes as what it was, and so it does when it came back smaller."""
    moves = advance(opened(provider()), [access(UNITS[1])], LATER)
    assert [(one.units, one.struck) for one in moves.open] == [(UNITS[1:2], UNITS)]
    cleared = advance(moves.open, [], LATER + MINUTE)
    assert [(one.units, one.struck) for one in cleared.open] == [(UNITS, ())]
    again = advance(cleared.open, [provider(units=UNITS[:2])], LATER + 2 * MINUTE).open
    assert [(one.units, one.struck, one.flaps) for one in again] == [(UNITS[:2], UNITS, 1)]
    over = advance(again, [], LATER + 3 * MINUTE).open
    closed = advance(over, [], LATER + 3 * MINUTE + CLOSE_AFTER).closed
    assert [(one.units, one.struck, one.merged_into) for one in closed] == [(UNITS, (), "")]


def test_the_last_line_that_flickers_while_the_rest_is_well_is_the_same_fault() -> None:
    """It returns under its id."""
    (before,) = opened(provider())
    cleared = advance([before], [], LATER).open
    moves = advance(cleared, [access(UNITS[1])], LATER + MINUTE)
    assert [(one.id, one.segment, one.flaps) for one in moves.open] == [(before.id, "provider", 1)]
    assert [event.what for event in moves.events] == ["returned"]


CITY = Topology(
    units={f"{unit}-{pc}": f"{unit}" for unit in range(12) for pc in range(4)},
    lines={f"{unit}": (Line(provider="vnpt" if unit < 4 else "fpt"),) for unit in range(12)},
)
EVERY = 30
SYSTEMS = [f"system-{number}" for number in range(8)]
MENDED = 60
"""Minutes after which offices recover, one every three minutes."""


def seen_at(minute: int) -> list[Observation]:
    """The newest run of each way, each of which is made every EVERY minutes at a moment of its own."""
    found = []
    for number, (pc, unit) in enumerate(CITY.units.items()):
        for place, target in enumerate(SYSTEMS):
            turn = (7 * number + 11 * place) % EVERY
            at = minute - (minute - turn) % EVERY
            bad = CITY.lines[unit][0].provider == "vnpt" and 0 <= at < MENDED + 3 * int(unit)
            reason = "tcp_timeout" if bad else ""
            found.append(
                Observation(device=pc, at=NOW + at * MINUTE, target=target, ok=not bad, reason=reason)
            )  # fmt: skip
    return found


def test_a_provider_that_is_mended_office_by_office_is_one_finding_from_beginning_to_end() -> None:
    """No second alert while the last offices come back."""
    open, events, shrunk = list[Finding](), list[Event](), set[int]()
    for minute in range(MENDED + 2 * EVERY):
        moves = advance(open, attribute(seen_at(minute), CITY), NOW + minute * MINUTE)
        open, events = moves.open, [*events, *moves.events]
        shrunk |= {len(one.units) for one in open if is_present(one)}
    assert [(one.what, one.finding.segment, one.finding.subject) for one in events] == [
        ("opened", "provider", "vnpt"),
        ("cleared", "provider", "vnpt"),
        ("closed", "provider", "vnpt"),
    ]
    assert 1 in shrunk
    assert events[-1].finding.units == ("0", "1", "2", "3")
