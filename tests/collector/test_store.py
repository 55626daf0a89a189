"""The database itself: schema, one owner, days."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from collector import tally
from collector.store import devices, migrate, states
from collector.store.engine import Store, StoreError
from collector.store.schema import HEAD, metadata
from collector.tally import Tally
from tests.collector.pushing import XOM_CHIEU, Sender, enrolled, wall

DAY = 86_400


def opened(url: str) -> Store:
    store = Store(url)
    store.open()
    return store


def test_the_migrations_lead_to_the_schema_the_code_speaks(database_url: str) -> None:
    """Nothing missing, nothing more, and the head is the one named in the code."""
    from alembic.autogenerate import compare_metadata

    store = opened(database_url)
    with store.begin() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        assert migrate.present(connection) == HEAD
    store.close()
    assert differences == []
    config = Config()
    config.set_main_option("script_location", "collector:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_newer_schema_is_refused(database_url: str) -> None:
    """By a clear line, and untouched."""
    store = opened(database_url)
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError) as why:
        opened(database_url)
    assert str(why.value) == (
        "the database is at schema 9999, this release knows 0006: start the newer release or restore a backup"
    )


def test_a_migration_that_was_killed_starts_again(database_url: str) -> None:
    """Its transaction left nothing behind."""
    store = Store(database_url)

    def die_before_the_commit() -> None:
        with store.begin() as connection:
            migrate.upgrade(connection)
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        die_before_the_commit()
    store.open()
    with store.reader() as connection:
        assert devices.list_devices(connection) == []
    store.close()


def test_one_process_owns_an_embedded_database(tmp_path: Path) -> None:
    """The second is told so, and by which file."""
    lock = tmp_path / "collector.lock"
    url = f"sqlite:///{tmp_path / 'x.db'}"
    first = Store(url, lock=lock)
    first.open()
    with pytest.raises(StoreError) as why:
        Store(url, lock=lock).open()
    assert str(why.value) == f"another collector uses this database already (lock file {lock})"
    first.close()
    Store(url, lock=lock).open()


def test_one_process_owns_a_database_of_postgresql(database_url: str) -> None:
    """Two that judge would each see half of what is pushed; who only reads is let in, and so is the next one."""
    if database_url.startswith("sqlite"):
        pytest.skip("a lock file does this")
    first = Store(database_url, alone=True)
    first.open()
    with pytest.raises(StoreError) as why:
        Store(database_url, alone=True).open()
    assert str(why.value) == "another collector uses this database already (advisory lock of PostgreSQL)"
    opened(database_url).close()
    first.close()
    second = Store(database_url, alone=True)
    second.open()
    second.close()


def test_a_database_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    """A folder where the file should be; a server that is not there, whose password stays out of the text."""
    (tmp_path / "x.db").mkdir()
    with pytest.raises(StoreError) as why:
        opened(f"sqlite:///{tmp_path / 'x.db'}")
    assert str(why.value) == f"cannot open sqlite:///{tmp_path / 'x.db'}: unable to open database file"
    with pytest.raises(StoreError) as why:
        opened("postgresql+psycopg://u:secret@127.0.0.1:1/none")
    assert str(why.value).startswith("cannot open postgresql+psycopg://u:***@127.0.0.1:1/none: ")
    assert "\n" not in str(why.value)


def test_seats_are_counted_under_concurrency(postgres_url: str) -> None:
    """Two replicas cannot both give the last seat."""
    store, other = opened(postgres_url), Store(postgres_url)
    with store.begin() as connection:
        token = devices.create_token(connection, unit=XOM_CHIEU, seats=1, now=wall(), days=1)

    def enrol_elsewhere() -> None:
        with other.begin() as second:
            second.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
            devices.enrol(second, token=token, public_key=bytes([1] * 32), role="pc", now=wall())

    with store.begin() as connection:
        devices.enrol(connection, token=token, public_key=bytes(32), role="pc", now=wall())
        with pytest.raises(sa.exc.OperationalError):
            enrol_elsewhere()
    with pytest.raises(devices.Refused):
        enrol_elsewhere()
    store.close()
    other.close()


def test_half_hours_fold_into_days_once_and_late_ones_add_to_them(database_url: str) -> None:
    """Nothing is lost by folding, nothing counted twice."""
    store = opened(database_url)

    def count(start: int, runs: int) -> None:
        with store.begin() as connection:
            jobs = tally.encode({"connectivity|x": Tally(runs, runs)})
            states.save_tallies(connection, [{"unit": XOM_CHIEU, "start": start, "writer": "a", "jobs": jobs}])

    def fold() -> int:
        with store.begin() as connection:
            return states.fold_days(connection, 10 * DAY, lambda start: start % DAY >= DAY // 2)

    for start in (8 * DAY, 8 * DAY + 1800, 8 * DAY + DAY // 2, 10 * DAY):
        count(start, 5)
    assert (fold(), fold()) == (3, 0)
    count(8 * DAY + 1800, 2)
    assert fold() == 1
    with store.reader() as connection:
        days = [(day, office, tally.decode(jobs)) for day, office, jobs in states.load_days(connection, XOM_CHIEU)]
        kept = states.load_tallies(connection, XOM_CHIEU, 0, 2**40)
    store.close()
    assert [(day, office, jobs["connectivity|x"].runs) for day, office, jobs in days] == [(8, False, 12), (8, True, 5)]
    assert [start for start, _ in kept] == [10 * DAY]


def test_a_device_is_found_by_what_it_was_enrolled_with(database_url: str) -> None:
    """Unit, role, key and status come back."""
    store = opened(database_url)
    sender = enrolled(store, Sender(), review=True)
    with store.reader() as connection:
        [found] = devices.list_devices(connection)
    store.close()
    assert (found.id, found.unit, found.status) == (sender.device, XOM_CHIEU, "pending")
    assert found.public_key == sender.signer.public
