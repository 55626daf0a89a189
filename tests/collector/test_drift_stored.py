"""From pushes to the series: what is kept of a device's clock survives restarts and upgrades, on both databases."""

from __future__ import annotations

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from collector.exposition import Catalogue, device_lines
from collector.readiness.model import DeviceFacts
from collector.store import migrate, states
from collector.store.engine import Store
from collector.store.schema import HEAD
from tests.collector.bench import Bench
from tests.collector.pushing import Sender, enrolled

MINUTE = 60_000_000


def test_pushes_tell_the_drift_across_a_restart(bench: Bench) -> None:
    """A clock that gains 100 µs a second, seen every five minutes by a collector that forgets all in between."""
    sender = enrolled(bench.store, Sender())
    start = bench.now
    for number in range(9):
        bench.now = start + number * 5 * MINUTE
        bench.push(sender, sent_at=bench.now + number * 30_000)
        bench = bench.again()
    stored = bench.state(sender)
    assert stored.drift is not None
    assert stored.drift.ratio == pytest.approx(100e-6)


def test_a_failed_transaction_leaves_the_drift_as_it_was(bench: Bench) -> None:
    """Memory is never ahead of the disk."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender)
    before = bench.state(sender).drift
    with bench.store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE device_state RENAME COLUMN drift TO elsewhere"))
    with pytest.raises(sa.exc.DBAPIError):
        bench.push(sender, sent_at=bench.now + 10 * MINUTE)
    with bench.store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE device_state RENAME COLUMN elsewhere TO drift"))
    assert bench.state(sender).drift == before


def test_a_new_boot_is_known_by_its_id(bench: Bench) -> None:
    """Whatever the clock says then."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender)
    bench.now += MINUTE
    bench.push(sender, boot="another", sent_at=bench.now + 500_000)
    drift = bench.state(sender).drift
    assert drift is not None
    assert (drift.from_at, drift.from_offset) == (bench.now / 1e6, 0.5)


def test_a_database_of_the_first_release_is_upgraded_in_place(database_url: str) -> None:
    """Its devices keep what they said; their drift is not known yet."""
    store = Store(database_url)
    with store.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "collector:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        empty = msgspec.msgpack.encode({})
        connection.execute(
            sa.text(
                "INSERT INTO device_state (device, cursors, results, health, boot, version, clock_offset)"
                " VALUES ('d', :empty, :empty, :empty, 'b', '0.1.0', -1.5)"
            ),
            {"empty": empty},
        )
        assert migrate.present(connection) == "0001"
    store.open()
    with store.reader() as connection:
        [state] = states.load(connection)
        assert migrate.present(connection) == HEAD
    store.close()
    assert (state.device, state.version, state.clock_offset, state.drift) == ("d", "0.1.0", -1.5, None)


def test_the_drift_is_exported_once_it_is_known() -> None:
    """Beside the offset."""
    catalogue = Catalogue({}, lambda _u, _r: frozenset())
    known = device_lines(DeviceFacts(id="d", unit="27259", clock_offset=0.5, clock_drift=-2.5e-05), catalogue)[0]
    unknown = device_lines(DeviceFacts(id="d", unit="27259", clock_offset=0.5), catalogue)[0]
    assert known["sansang_device_clock_drift_ratio"] == (
        'sansang_device_clock_drift_ratio{unit="27259",device="d"} -2.5e-05\n'
    )
    assert "sansang_device_clock_drift_ratio" not in unknown
