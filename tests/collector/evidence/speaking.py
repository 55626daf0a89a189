"""A collector whose office knows the calls for speed, as the application puts it together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp

from collector import catalog, config
from collector.app import Server, build
from collector.evidence import keeper
from collector.evidence.desk import Speeds
from collector.leases.around import Lines
from collector.leases.book import Book
from collector.leases.model import Policy
from collector.leases.place import place
from collector.office import Office, Socket
from tests.collector.standing import Client


class Speaking(Client):
    """With its book and its desk."""

    book: Book
    desk: Speeds


@contextlib.asynccontextmanager
async def speaking(file: str, now: Callable[[], int], rules: Policy | None = None) -> AsyncIterator[Speaking]:
    """The collector of `file`, and its socket with the calls of a desk over a real book."""
    settings = config.load(file)
    parts = build(settings, catalog.load(settings), now=now)
    policy, here = rules or parts.catalog.locality.leases, place(settings)
    lines = Lines(parts.live, parts.catalog.locality.networks)
    book = Book(parts.store, parts.directory, policy, here, lines.of_unit, now, recorded=keeper.recorded)
    profile = lambda: parts.rules.profile.requirements  # noqa: E731
    desk = Speeds(parts.store, parts.live, book, lines.of_unit, policy, here, profile, parts.catalog.zone, now)
    office = Office(parts)
    office.calls |= desk.calls
    async with (
        Server(parts) as server,
        aiohttp.ClientSession() as session,
        Socket(office, Path(settings.state_dir)),
    ):
        await book.start()
        client = Speaking(server, session)
        client.book, client.desk = book, desk
        yield client
        await book.close()
