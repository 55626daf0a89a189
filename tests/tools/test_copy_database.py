"""A collector's database moves between SQLite and PostgreSQL with everything in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from collector.roster.written import Written
from collector.store import devices, roster
from collector.store.engine import Store
from collector.store.schema import metadata
from tools.copy_database import Refused, copy


def filled(url: str) -> None:
    """A database with a token, a device in three roles and their audit rows."""
    store = Store(url)
    store.open()
    with store.begin() as connection:
        secret = devices.create_token(connection, unit="27259", seats=3, now=1_000_000, days=1, note="Phường Xóm Chiếu")
        for number in range(3):
            devices.enrol(connection, token=secret, public_key=bytes([number]) * 32, role="pc", now=2_000_000)
        told = Written(units={"27259": {"staff": 12}}, stations={"27259": {"Q1": {"role": "counter"}}})
        roster.take(connection, told, now=2_000_000, source="test")
    store.close()


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in order."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


@pytest.fixture(params=["to postgresql", "to sqlite"])
def two_urls(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> tuple[str, str]:
    """A source and a target of different kinds."""
    sqlite = f"sqlite:///{tmp_path / 'sansang.db'}"
    return (sqlite, postgres_url) if request.param == "to postgresql" else (postgres_url, sqlite)


def test_every_row_arrives_and_numbering_goes_on(two_urls: tuple[str, str]) -> None:
    """The copy is the same row for row, and new rows do not collide with copied ones."""
    source, target = two_urls
    filled(source)
    counts = copy(source, target)
    assert everything(target) == everything(source)
    assert (counts["devices"], counts["audit"], counts["roster_stations"], counts["roster_mark"]) == (3, 5, 1, 1)
    store = Store(target)
    store.open()
    with store.begin() as connection:
        devices.create_token(connection, unit="27259", seats=1, now=3_000_000, days=1)
    store.close()
    assert len(everything(target)["audit"]) == 6


def test_a_target_in_use_is_left_as_it_is(two_urls: tuple[str, str]) -> None:
    """Rows that are there are never mixed with others."""
    source, target = two_urls
    filled(source)
    filled(target)
    before = everything(target)
    with pytest.raises(Refused, match=r"^the target is not empty: there are rows in "):
        copy(source, target)
    assert everything(target) == before


@pytest.mark.parametrize("prepare", [lambda _: None, lambda path: path.write_bytes(b"")])
def test_a_source_without_a_collectors_tables_is_refused(tmp_path: Path, prepare: Callable[[Path], object]) -> None:
    """A mistyped path does not make an empty copy."""
    prepare(tmp_path / "gone.db")
    with pytest.raises(Refused, match=r"^the source is at schema None, expected "):
        copy(f"sqlite:///{tmp_path / 'gone.db'}", f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists()
