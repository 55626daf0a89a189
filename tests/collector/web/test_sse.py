"""Open pages are told of changes, a bounded number of them, until the server stops."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from collector.web.sse import Events
from tests.collector.web.fakes import FakeBoard

Client = TestClient[web.Request, web.Application]


class Told:
    """Reads one stream's events as (event, data, id)."""

    def __init__(self, answer: ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> tuple[str, str, str]:
        found: dict[str, str] = {}
        async with asyncio.timeout(10):
            while line := (await self._answer.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                found[name] = value
        return found.get("event", ""), found.get("data", ""), found.get("id", "")


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


@pytest.fixture
async def events(board: FakeBoard) -> Events:
    return Events(board, most=2, spacing=0.0)


@pytest.fixture
async def client(events: Events, aiohttp_client: AiohttpClient) -> Client:
    app = web.Application()
    app.router.add_get("/events", events.serve, allow_head=False)
    app.on_shutdown.append(events.close)
    return await aiohttp_client(app)


async def test_a_page_that_is_up_to_date_hears_of_the_next_change(
    client: Client, board: FakeBoard, events: Events
) -> None:
    """Nothing first, then one event with the new generation."""
    told = Told(await client.get("/events", params={"since": events.mark}))
    coming = asyncio.create_task(told.next())
    await asyncio.sleep(0.05)
    assert not coming.done()
    await board.touch()
    assert await coming == ("change", "2", events.mark)


async def test_a_page_that_is_behind_hears_at_once(client: Client, events: Events) -> None:
    """A page of an earlier process is behind, whatever number it carries."""
    assert (await Told(await client.get("/events", params={"since": "0ld-1"})).next())[0] == "change"
    answer = await client.get("/events", params={"since": events.mark}, headers={"Last-Event-ID": "0ld-1"})
    assert (await Told(answer).next())[2] == events.mark


async def test_changes_in_between_are_told_once(client: Client, board: FakeBoard, events: Events) -> None:
    """What counts is the newest state."""
    told = Told(await client.get("/events", params={"since": events.mark}))
    for _ in range(5):
        board.generation += 1
    await board.touch()
    assert (await told.next())[1] == "7"
    await board.touch()
    assert (await told.next())[1] == "8"


async def test_one_page_too_many_is_told_to_come_back(client: Client, events: Events) -> None:
    """503 with a time, and room again once somebody leaves."""
    first = await client.get("/events")
    second = await client.get("/events")
    refused = await client.get("/events")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    first.close()
    async with asyncio.timeout(10):
        while events.clients > 1:
            await asyncio.sleep(0.01)
    assert (await client.get("/events")).status == 200
    second.close()


async def test_streams_end_when_the_server_stops(client: Client, events: Events) -> None:
    """Nobody holds up a shutdown, and nobody new is let in."""
    answer = await client.get("/events", params={"since": events.mark})
    await events.close()
    async with asyncio.timeout(10):
        assert await answer.content.read() == b""
    assert (await client.get("/events")).status == 503


async def test_a_stream_may_not_be_kept_by_proxies(client: Client) -> None:
    """Buffered events come too late."""
    answer = await client.get("/events")
    assert answer.content_type == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Accel-Buffering"] == "no"
