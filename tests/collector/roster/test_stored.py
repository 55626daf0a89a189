"""The roster in both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from collector.roster.difference import NothingHidden
from collector.roster.model import Roster, Snmp
from collector.roster.written import Written
from collector.store import devices, roster
from collector.store.engine import Store
from collector.store.schema import audit, roster_stations
from tests.collector.roster.files import KHANH_HOI, XOM_CHIEU

Q1, Q2 = (XOM_CHIEU, "Q1"), (XOM_CHIEU, "Q2")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.open()
    yield store
    store.close()


def written(*ids: str) -> Written:
    """A unit with a site, and its stations."""
    rows = {id_: {"role": "counter", "site": "A", "purchase_date": "2019-05", "title": "Quầy"} for id_ in ids}
    unit = {"staff": 45, "snmp_community": "bi-mat", "contracted_up_mbps": 1234.5}
    return Written(
        units={XOM_CHIEU: unit}, sites={XOM_CHIEU: {"A": {"site_name": "Trụ sở"}}}, stations={XOM_CHIEU: rows}
    )


def take(store: Store, rows: Written, now: int = 1, **options: bool) -> int:
    """How many changes."""
    with store.begin() as connection:
        return len(roster.take(connection, rows, now=now, source="ds.xlsx", **options).changes)


def assign(store: Store, station: tuple[str, str], device: str | None, now: int = 9) -> bool:
    with store.begin() as connection:
        return roster.assign(connection, station, device, now=now)


def load(store: Store, *, retired: bool = False) -> Roster:
    with store.reader() as connection:
        return roster.load(connection, retired=retired)


def lines(store: Store) -> list[tuple[str, str, str]]:
    with store.reader() as connection:
        rows = connection.execute(sa.select(audit).order_by(audit.c.id))
        return [(row.action, row.subject, row.detail) for row in rows]


def test_an_empty_roster_is_empty(store: Store) -> None:
    """And has a mark of its own."""
    assert load(store) == Roster(mark=0)


def test_what_is_taken_is_loaded(store: Store) -> None:
    """Units, sites and stations, with the secret that devices are served."""
    assert take(store, written("Q2", "Q1")) == 4
    found = load(store)
    assert found.codes == [XOM_CHIEU]
    assert found.units[XOM_CHIEU].snmp == Snmp(community="bi-mat")
    assert (found.units[XOM_CHIEU].staff, found.units[XOM_CHIEU].contracted_up_mbps) == (45, 1234.5)
    assert [site.key for site in found.sites[XOM_CHIEU]] == [(XOM_CHIEU, "A")]
    assert [one.key for one in found.stations[XOM_CHIEU]] == [Q1, Q2]
    [first, _] = found.stations[XOM_CHIEU]
    assert (first.role, first.device_role, first.purchase_date, first.agent) == ("counter", "pc", "2019-05", True)
    assert lines(store) == [("roster_imported", "ds.xlsx", "units 1 new; sites 1 new; stations 2 new")]


def test_the_same_again_changes_nothing_and_writes_nothing(store: Store) -> None:
    """No mark, no line of the audit trail."""
    take(store, written("Q1"))
    before = load(store)
    assert take(store, written("Q1"), now=2) == 0
    assert load(store) == before
    assert len(lines(store)) == 1


def test_the_mark_moves_with_every_change(store: Store) -> None:
    """Within the same µs, by whichever way."""
    marks = [load(store).mark]
    renamed = Written(sites={XOM_CHIEU: {"A": {"site_name": "B"}}})
    changes: list[Callable[[], object]] = [
        lambda: take(store, written("Q1", "Q2")),
        lambda: take(store, written("Q1")),
        lambda: assign(store, Q1, "d1"),
        lambda: assign(store, Q1, None),
        lambda: take(store, renamed),
    ]
    for change in changes:
        change()
        marks.append(load(store).mark)
    assert marks == sorted(set(marks))


def test_a_missing_station_is_retired_and_its_device_free(store: Store) -> None:
    """It is kept, and comes back when it is listed again, without a device."""
    take(store, written("Q1", "Q2"))
    assert assign(store, Q2, "d2")
    assert take(store, written("Q1"), now=7) == 1
    assert [one.id for one in load(store).stations[XOM_CHIEU]] == ["Q1"]
    [_, gone] = load(store, retired=True).stations[XOM_CHIEU]
    assert (gone.id, gone.retired_at, gone.device, gone.title) == ("Q2", 7, None, "Quầy")
    assert not assign(store, Q2, "d2")
    assert take(store, written("Q1", "Q2")) == 1
    [_, back] = load(store).stations[XOM_CHIEU]
    assert (back.retired_at, back.device) == (None, None)
    assert take(store, written("Q1"), keep_missing=True) == 0


def test_a_unit_that_the_file_does_not_mention_stays(store: Store) -> None:
    """All of it."""
    take(store, written("Q1"))
    take(store, Written(units={KHANH_HOI: {"staff": 3}}, stations={KHANH_HOI: {"Q1": {"role": "router"}}}))
    found = load(store)
    assert found.codes == [XOM_CHIEU, KHANH_HOI]
    assert [one.key for one in found.stations[XOM_CHIEU]] == [Q1]


def test_a_device_stands_in_one_place(store: Store) -> None:
    """Put elsewhere, it leaves where it stood; an import leaves it there."""
    take(store, written("Q1", "Q2"))
    assert assign(store, Q1, "d1")
    assert not assign(store, Q1, "d1")
    assert assign(store, Q2, "d1")
    assert [one.device for one in load(store).stations[XOM_CHIEU]] == [None, "d1"]
    changed = written("Q1", "Q2")
    changed.stations[XOM_CHIEU]["Q2"]["title"] = "Quầy 2"
    assert take(store, changed) == 1
    assert [one.device for one in load(store).stations[XOM_CHIEU]] == [None, "d1"]
    assert assign(store, Q2, None)
    assert not assign(store, Q2, None)
    assert not assign(store, (XOM_CHIEU, "Q3"), "d1")
    assert lines(store)[1:3] == [("station_assigned", "27259/Q1", "d1"), ("station_assigned", "27259/Q2", "d1")]
    assert lines(store)[-1] == ("station_freed", "27259/Q2", "d1")


def test_a_site_without_a_station_goes(store: Store) -> None:
    """With the import that lists the others."""
    take(store, written("Q1"))
    moved = {XOM_CHIEU: {"Q1": {"role": "counter", "site": "B"}}}
    take(store, Written(sites={XOM_CHIEU: {"B": {"site_name": "Mới"}}}, stations=moved))
    assert [site.id for site in load(store).sites[XOM_CHIEU]] == ["B"]


def test_stars_for_no_secret_leave_everything_as_it_was(store: Store) -> None:
    """Whole or not at all."""
    rows = written("Q1")
    rows.units[KHANH_HOI] = {"snmp_community": "***"}
    with pytest.raises(NothingHidden):
        take(store, rows)
    assert load(store) == Roster(mark=0)
    assert lines(store) == []


def test_imports_of_two_replicas_follow_one_another(postgres_url: str) -> None:
    """The second sees what the first stored, and waits for it."""
    store, other = Store(postgres_url), Store(postgres_url)
    store.open()
    counts: list[int] = []
    later = threading.Thread(target=lambda: counts.append(take(other, written("Q1", "Q2"))))
    with store.begin() as connection:
        roster.take(connection, written("Q1"), now=1, source="a")
        later.start()
        later.join(0.3)
        assert later.is_alive()
    later.join(30)
    assert counts == [1]
    store.close()
    other.close()


def test_a_reader_never_sees_half_an_import(store: Store) -> None:
    """Whatever it loads while others are taken belongs together."""
    stop, seen = threading.Event(), set()

    def look() -> None:
        while not stop.is_set():
            found = load(store)
            stations = found.stations.get(XOM_CHIEU, [])
            seen.add((found.mark, len(stations), len({one.title for one in stations})))

    thread = threading.Thread(target=look)
    thread.start()
    for count in range(1, 13):
        rows = written(*(f"Q{at}" for at in range(count)))
        for one in rows.stations[XOM_CHIEU].values():
            one["title"] = f"lần {count}"
        take(store, rows)
    stop.set()
    thread.join(30)
    assert seen
    assert {(mark, count, titles) for mark, count, titles in seen if mark} <= {(at, at, 1) for at in range(1, 13)}


def test_a_database_of_the_release_before_is_brought_up_to_date(database_url: str) -> None:
    """What it holds stays; the roster is empty and can be filled."""
    before = Store(database_url)
    config = Config()
    config.set_main_option("script_location", "collector:migrations")
    with before.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        devices.create_token(connection, unit=XOM_CHIEU, seats=1, now=1, days=1)
    before.close()
    after = Store(database_url)
    after.open()
    assert load(after) == Roster(mark=0)
    assert take(after, written("Q1")) == 3
    with after.reader() as connection:
        assert len(devices.list_tokens(connection)) == 1
    after.close()


def test_two_stations_cannot_hold_one_device(store: Store) -> None:
    """The database itself refuses."""
    take(store, written("Q1", "Q2"))
    with pytest.raises(sa.exc.IntegrityError), store.begin() as connection:
        connection.execute(sa.update(roster_stations).values(device="d1"))
