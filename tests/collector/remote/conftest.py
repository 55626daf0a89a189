"""A store, a hand-written receiver and a sender between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio

from collector.store.engine import Store
from tests.collector.remote.receiver import Fake, receiving
from tests.collector.remote.wire import Wire

Make = Callable[..., Wire]


@asynccontextmanager
async def making(url: str) -> AsyncIterator[Make]:
    store = Store(url)
    store.open()
    async with receiving(Fake()) as fake:

        def made(**changes: Any) -> Wire:
            return Wire(store, fake, **changes)

        yield made
    store.close()


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes a wire over an embedded store; its endpoint's settings may be given."""
    async with making(f"sqlite:///{tmp_path / 'sansang.db'}") as made:
        yield made


@pytest_asyncio.fixture
async def make_on(database_url: str) -> AsyncIterator[Make]:
    """The same once over each kind of store."""
    async with making(database_url) as made:
        yield made
