"""Fixtures that the tests of the collector share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collector.ledger import Ledger
from collector.store.engine import Store
from collector.telemetry import Telemetry
from tests.collector.bench import Bench
from tests.collector.pushing import Known, wall


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    store = Store(database_url)
    store.open()
    yield Bench(store, Ledger(store, Known(), Telemetry()), wall())
    store.close()
