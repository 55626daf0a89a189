"""The oracle of the kill tests sees what it is there to see: it is not satisfied by whatever a store holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from collector import tally
from collector.store import states
from collector.store.engine import Store
from collector.store.schema import device_state, tallies
from collector.store.states import Latest
from tests.faults.oracle import Oracle
from tests.faults.pushes import RECORDS, Pushes
from tests.faults.records import Journal
from tests.faults.rig import Rig

Harm = Callable[[sa.Connection], None]


def count_one_twice(connection: sa.Connection) -> None:
    """One run more than was sent, in one half-hour."""
    row = connection.execute(sa.select(tallies)).one()
    jobs = tally.decode(row.jobs)
    next(iter(jobs.values())).runs += 1
    connection.execute(sa.update(tallies).values(jobs=tally.encode(jobs)))


def forget_the_last(connection: sa.Connection) -> None:
    """The row as it was before the last record."""
    state = next(states.load(connection))
    cursor = next(iter(state.cursors.values()))
    cursor.low -= 1
    states.save(connection, [state])


def change_a_byte(connection: sa.Connection) -> None:
    """One kept result differs by one letter."""
    state = next(states.load(connection))
    key, held = next(iter(state.results.items()))
    state.results[key] = Latest(held.epoch, held.seq, held.at, held.raw.replace(b"record", b"recorD"))
    states.save(connection, [state])


def drop_everything(connection: sa.Connection) -> None:
    """As if nothing had ever been stored."""
    connection.execute(sa.delete(tallies))
    connection.execute(sa.update(device_state).values(**states.EMPTY))


HARM: dict[str, tuple[Harm, str]] = {
    "doubled": (count_one_twice, "connectivity|r00 at "),
    "lost": (forget_the_last, "3 is not stored"),
    "altered": (change_a_byte, "connectivity|r00: expected "),
    "all lost": (drop_everything, "1 is not stored"),
}


@pytest.mark.parametrize("harm", sorted(HARM))
def test_harm_to_the_store_is_seen(collector: Rig, harm: str) -> None:
    """Content before the harm, not after it; and each kind is called by its name."""
    device = collector.enrol()
    collector.start()
    pushes = Pushes(collector, device)
    assert pushes.push()
    collector.stop()
    assert (pushes.look().wrong, pushes.look().stored) == ([], RECORDS)
    act, words = HARM[harm]
    store = Store(collector.database)
    with store.begin() as connection:
        act(connection)
    store.close()
    found = pushes.look()
    assert any(line.startswith(words) for line in getattr(found, harm.split()[-1]))


def test_a_spool_that_goes_back_is_seen(collector: Rig) -> None:
    """A record that was put and is not there at the next start, and a new epoch, each are a loss."""
    notes = Journal(collector.folder / "journal")
    for line in (("open", 7, 1, 1), ("try", 0), ("put", 0, 1), ("open", 7, 1, 1), ("open", 8, 2, 1)):
        notes.note(line[0], *line[1:])
    notes.close()
    oracle = Oracle(0)
    oracle.read(collector.folder / "journal")
    assert oracle.broken == ["the spool goes on with 1 after 1", "a new epoch began: 8 after 7"]


def test_a_record_under_way_at_a_kill_is_in_the_spool_or_counted(collector: Rig) -> None:
    """The next start says which."""
    notes = Journal(collector.folder / "journal")
    for line in (("open", 7, 1, 1), ("try", 0), ("open", 7, 1, 1), ("try", 1), ("open", 7, 2, 1)):
        notes.note(line[0], *line[1:])
    notes.close()
    oracle = Oracle(0)
    oracle.read(collector.folder / "journal")
    assert (oracle.broken, oracle.unflushed, oracle.numbers) == ([], 1, {1: 1})
