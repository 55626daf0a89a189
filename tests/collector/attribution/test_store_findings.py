"""Findings are stored once, found again, and go on after a restart; on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from collector.attribution.tracker import CLOSE_AFTER, advance
from collector.store import findings
from collector.store.engine import Store
from tests.collector.attribution.faults import HOUR, MINUTE, NOW, UNITS, access, destination, provider


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.open()
    yield store
    store.close()


def test_what_was_open_goes_on_after_a_restart(store: Store) -> None:
    """Under its id, cleared or not."""
    seen = advance([], [access(), provider(network="tslcd")], NOW)
    with store.begin() as connection:
        findings.save(connection, seen.changed, NOW)
    cleared = advance(seen.open, [access()], NOW + MINUTE)
    with store.begin() as connection:
        findings.save(connection, cleared.changed, NOW + MINUTE)
    with store.reader() as connection:
        again = findings.load_open(connection)
    assert sorted(again, key=lambda one: one.id) == sorted(cleared.open, key=lambda one: one.id)
    assert [event.what for event in advance(again, [access(), provider(network="tslcd")], NOW + HOUR).events] == [
        "returned"
    ]


def test_what_is_closed_is_history(store: Store) -> None:
    """No longer open, and found by when it was."""
    moves = advance([], [access()], NOW)
    closing = NOW + MINUTE + CLOSE_AFTER
    for now in (NOW + MINUTE, closing):
        moves = advance(moves.open, [], now)
        with store.begin() as connection:
            findings.save(connection, moves.changed, now)
    with store.reader() as connection:
        assert findings.load_open(connection) == []
        assert [one.closed_at for one in findings.since(connection, NOW)] == [closing]
        assert findings.since(connection, closing + 1) == []
        (closed,) = findings.since(connection, NOW)
        assert findings.by_id(connection, closed.id) == closed
        assert findings.by_id(connection, closed.id[:-1]) is None


def test_a_unit_has_the_findings_that_stop_something_in_it(store: Store) -> None:
    """Not those that merely name it elsewhere."""
    stranger = replace(destination("mail", UNITS[1:2]), reason=UNITS[0])
    moves = advance([], [access(UNITS[0]), provider("FPT", UNITS[1:]), destination(), stranger], NOW)
    with store.begin() as connection:
        findings.save(connection, moves.changed, NOW)
    with store.reader() as connection:
        of_first = findings.of_unit(connection, UNITS[0], NOW)
        assert sorted(one.segment for one in of_first) == ["access", "destination"]
        assert sorted(one.subject for one in findings.of_unit(connection, UNITS[2], NOW)) == ["FPT", "portal"]
        assert findings.of_unit(connection, "2725", NOW) == []


def test_storing_again_replaces(store: Store) -> None:
    """One row for each id."""
    (found,) = advance([], [access()], NOW).open
    with store.begin() as connection:
        findings.save(connection, [found], NOW)
        findings.save(connection, [replace(found, confidence=0.75)], NOW + MINUTE)
    with store.reader() as connection:
        assert [one.confidence for one in findings.load_open(connection)] == [0.75]


def test_a_finding_over_a_whole_city_is_stored_with_its_first_devices(store: Store) -> None:
    """All its units stay."""
    devices = tuple(f"{number:05}" for number in range(findings.KEPT + 1))
    wide = replace(destination(devices=devices), id="a", opened_at=NOW)
    with store.begin() as connection:
        findings.save(connection, [wide], NOW)
    with store.reader() as connection:
        assert findings.load_open(connection) == [replace(wide, devices=devices[:-1])]
