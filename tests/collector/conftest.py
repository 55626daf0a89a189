"""Fixtures that the tests of the collector share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from collector import config
from collector.ledger import Ledger
from collector.office import Office, Socket
from collector.store.engine import Store
from collector.telemetry import Telemetry
from tests.collector.bench import Bench
from tests.collector.pushing import Known, wall
from tests.collector.standing import Client, served
from tests.ports import free_port


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A configuration on a free port, with data of its own."""
    path = tmp_path / "collector.yaml"
    path.write_text(
        f'listen: "127.0.0.1:{free_port()}"\nstate_dir: state\nlocality: demo\nunits: {config.SHIPPED}/units.csv\n'
    )
    return str(path)


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A collector that serves, with its socket."""
    async with served(tmp_path) as client, Socket(Office(client.server.parts), tmp_path / "state"):
        yield client


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    store = Store(database_url)
    store.open()
    yield Bench(store, Ledger(store, Known(), Telemetry()), wall())
    store.close()
