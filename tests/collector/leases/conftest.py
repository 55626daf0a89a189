"""Books over real stores: most tests need one on SQLite, what replicas share is tested on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from collector.leases.model import Policy
from collector.store.engine import Store
from tests.collector.leases.books import Replica


@pytest_asyncio.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """A collector by itself."""
    store = Store(f"sqlite:///{tmp_path / 'sansang.db'}")
    store.open()
    yield await Replica(store, Policy()).start()
    store.close()


@pytest.fixture
def stores(postgres_url: str) -> Iterator[list[Store]]:
    """Three connections of their own to one database, as three replicas have."""
    found = [Store(postgres_url) for _ in range(3)]
    for store in found:
        store.open()
    yield found
    for store in found:
        store.close()
