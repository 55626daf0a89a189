"""A unit's past out of the store: whole, bounded, and found by an index."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from collector.readiness.evaluate import evaluate
from collector.readiness.model import Transition, Verdict
from collector.readiness.replay import restored
from collector.readiness.rollup import ROLLED
from collector.readiness.transitions import compare
from collector.store import history, profiles
from collector.store.engine import Store
from tests.collector.readiness.cities import DAY, HOUR, NOW, line, pc, profile, states, unit
from tests.collector.readiness.offices import CLOSED, OPEN, Desk, office
from tests.collector.test_replay import OLD, Told

CODES = ("27259", "27262", "27265")
SUBJECTS = ("verdict", "requirement:x", "requirement:y")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Three units whose three subjects change at 0, 10, 20 … 290, all at once."""
    found = Store(database_url)
    found.open()
    changes = [
        Transition(
            unit=code, subject=subject, at=at, old=str(at - 10), new=str(at), profile="test@3", evidence={"value": at}
        )
        for at in range(0, 300, 10)
        for code in CODES
        for subject in SUBJECTS
    ]
    with found.begin() as connection:
        history.append(connection, changes)
    yield found
    found.close()


def told(changes: list[Transition]) -> list[tuple[int, str]]:
    return [(change.at, change.subject) for change in changes]


def test_an_instant_is_told_by_the_newest_change_of_each_subject(store: Store) -> None:
    """Those of that very instant too, with what was seen."""
    with store.reader() as connection:
        found = history.at_instant(connection, "27262", 120)
        assert history.at_instant(connection, "27262", -1) == []
    assert told(found) == [(120, subject) for subject in SUBJECTS]
    assert [(change.unit, change.evidence) for change in found] == [("27262", {"value": 120})] * 3


def test_a_period_is_whole_and_knows_what_was_before_it(store: Store) -> None:
    with store.reader() as connection:
        found = history.of_period(connection, "27262", 100, 121)
    assert found.start == 100
    assert told(found.changes) == [(at, subject) for at in (90, 100, 110, 120) for subject in SUBJECTS]
    assert {change.unit for change in found.changes} == {"27262"}
    assert all(change.evidence == {} for change in found.changes)


@pytest.mark.parametrize(("most", "start"), [(90, 0), (89, 1), (88, 1), (87, 1), (86, 11), (3, 281), (1, 291)])
def test_of_too_long_a_past_the_newest_part_is_told(store: Store, most: int, start: int) -> None:
    """It says from when on it is whole: an instant of which one change had no place is told by what it left behind."""
    with store.reader() as connection:
        found = history.of_period(connection, "27262", 0, 1000, most=most)
    assert found.start == start
    inside = [change for change in found.changes if change.at >= start]
    assert told(inside) == [(at, subject) for at in range(0, 300, 10) if at >= start for subject in SUBJECTS]
    before = [change for change in found.changes if change.at < start]
    assert {change.subject for change in before} == (set(SUBJECTS) if start else set())


def test_a_past_verdict_is_told_from_the_store(database_url: str) -> None:
    """With the profile it was made by, which is kept beside it."""
    found = Store(database_url)
    found.open()
    held = profile(line("x"), line("y", mandatory=False))
    bad = evaluate(held, unit(pc("a", states(x=9, y=1))), NOW, None)
    with found.begin() as connection:
        profiles.keep(connection, held, NOW)
        history.append(connection, compare(None, bad))
    with found.reader() as connection:
        assert history.verdict_at(connection, "27259", NOW - 1) is None
        assert history.verdict_at(connection, "27262", NOW) is None
        told = history.verdict_at(connection, "27259", NOW + HOUR)
    found.close()
    assert told
    assert (told.verdict, told.since, told.at, told.deciding) == (Verdict.NOT_READY, NOW, NOW + HOUR, ["x"])
    assert [one.title["en"] for one in told.requirements] == ["Line x", "Line y"]
    assert (told.expected, told.reporting, told.requirements[0].value) == (1, 1, 9.0)


def test_a_night_is_read_as_if_each_requirement_had_rows_of_its_own(database_url: str) -> None:
    """From whichever side one looks; in order, and without what was seen where that is not asked for."""
    good: dict[str, int | None] = {"x": 1, "y": 1}
    desks, told = [Desk(name, "pc", CLOSED, OPEN, good, good) for name in "ab"], Told()
    evening, night, morning = (NOW + after for after in (CLOSED - HOUR, CLOSED + HOUR, DAY + OPEN + HOUR))
    for now in (evening, night, morning):
        told.judge(OLD, office(desks, now, NOW), now)
    found = Store(database_url)
    found.open()
    with found.begin() as connection:
        profiles.keep(connection, OLD, NOW)
        history.append(connection, told.changes)
    with found.reader() as connection:
        whole = history.of_unit(connection, "27259", NOW)
        late = history.of_unit(connection, "27259", morning + 1)
        period = history.of_period(connection, "27259", night + 1, morning + 1).changes
        then = history.verdict_at(connection, "27259", morning - 1)
        [last] = restored(history.newest(connection))
    found.close()
    x = [(evening, "", "ready"), (night, "ready", "unknown"), (morning, "unknown", "ready")]
    for changes, expected in ((whole, x), (period, x), (late, x)):
        assert [(one.at, one.old, one.new) for one in changes if one.subject == "requirement:x"] == expected
        assert [one.at for one in changes] == sorted(one.at for one in changes)
        assert not {one.subject for one in changes} & ROLLED.keys()
    assert [one.evidence["value"] for one in late if one.subject == "requirement:x"] == [1.0, None, 1.0]
    assert then
    assert {(one.state, one.since, one.reason) for one in then.requirements} == {("unknown", night, "office_closed")}
    assert {(one.state, one.since) for one in last.requirements} == {("ready", morning)}


def test_no_query_of_a_unit_reads_the_whole_table(store: Store) -> None:
    """A city of years is in it: the plan goes by the unit's index."""
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    with store.reader() as connection:
        sa.event.listen(connection, "before_cursor_execute", note)
        history.at_instant(connection, "27262", 120)
        history.of_period(connection, "27262", 0, 1000)
        history.of_unit(connection, "27262", 100)
        sa.event.remove(connection, "before_cursor_execute", note)
        assert len(statements) == 4
        if not store.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")  # of 270 rows it would be the shorter way
        explain = "EXPLAIN QUERY PLAN" if store.is_sqlite else "EXPLAIN"
        for statement, parameters in statements:
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)  # type: ignore[arg-type]
            plan = "\n".join(str(row[-1]) for row in rows)
            assert "transitions_unit_subject_at" in plan, plan
            assert "SCAN transitions" not in plan
            assert "Seq Scan" not in plan
