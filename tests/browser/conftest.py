"""One browser per file, one site per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import Site, chromium
from tests.collector.web.fakes import city
from tests.collector.web.troubled import troubled


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[Site]:
    running = Site(city())
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def bad_morning() -> AsyncIterator[Site]:
    """With findings, waivers, closed offices, and a path for who needs one."""
    running = Site(troubled())
    await running.start()
    yield running
    await running.stop()
