"""A book over a real store, devices that ask it, and a clock that the test moves."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Connection

from checks.kit.leasing import PROOF_CONTEXT, Denied, Grant, Release, Server, Want
from collector.directory import Directory
from collector.leases.book import Book
from collector.leases.model import MEGABIT, SECOND, Lease, Line, Policy
from collector.leases.place import Place
from collector.leases.policy import Room
from collector.store import devices, leases
from collector.store.engine import Store
from collector.store.schema import speed_requests
from tests.collector.leases.city import WANT, local
from tests.collector.pushing import XOM_CHIEU, Sender, enrolled, wall

NOON = local(12, 45)
PLACE = Place(Server(name="tdc", url="https://tdc:8420", host="tdc", port=8862), Room("tdc", 500 * MEGABIT))


class Replica:
    """One collector's book, its directory, and what it was told to keep."""

    def __init__(self, store: Store, rules: Policy, place: Place = PLACE) -> None:
        self.store, self.at = store, NOON
        self.directory = Directory(store)
        self.lines: dict[str, Line] = {}
        self.answers: list[str] = []
        self.recorded: list[tuple[str, str, dict[str, Any]]] = []
        self.book = Book(
            store, self.directory, rules, place, lambda unit, _: self.lines.get(unit) or Line(unit=unit),
            lambda: self.at, recorded=self._record, told=self.answers.append,
        )  # fmt: skip

    async def start(self) -> Replica:
        await self.directory.refresh()
        await self.book.start()
        return self

    def _record(self, _: Connection, lease: str, test: str, seen: Mapping[str, Any]) -> None:
        self.recorded.append((lease, test, dict(seen)))

    async def enrol(self, number: int, unit: str = XOM_CHIEU, *, review: bool = False) -> Sender:
        sender = Sender(key=number)
        await self.store.run(lambda: enrolled(self.store, sender, unit, review=review))
        await self.directory.refresh()
        return sender

    async def ask(self, sender: Sender, want: Want = WANT) -> Grant | Denied:
        member = self.directory.get(sender.device)
        assert member is not None
        answer = await self.book.ask(member.device, want)
        found = answer.grant or answer.denied
        assert found is not None
        return found

    async def granted(self, sender: Sender, want: Want = WANT) -> Grant:
        found = await self.ask(sender, want)
        assert isinstance(found, Grant), found
        return found

    async def denied(self, sender: Sender, want: Want = WANT) -> Denied:
        found = await self.ask(sender, want)
        assert isinstance(found, Denied), found
        return found

    async def release(self, sender: Sender, grant: Grant, used: int) -> bool:
        member = self.directory.get(sender.device)
        assert member is not None
        return await self.book.release(member.device, Release(release=grant.id, used=used))

    def lease(self, name: str) -> Lease:
        with self.store.reader() as connection:
            found = leases.by_id(connection, name)
        assert found is not None
        return found

    def all(self) -> list[Lease]:
        with self.store.reader() as connection:
            return leases.held(connection, 0)

    async def revoke(self, sender: Sender) -> None:
        await self.store.write(lambda connection: devices.set_status(connection, sender.device, "revoked", wall()))
        await self.directory.refresh()

    async def request(self, name: str, **values: Any) -> None:
        """An engineer's request, as the command line or the page makes it."""
        row = {
            "id": name, "unit": XOM_CHIEU, "device": "", "check": "bandwidth", "author": "Nguyễn Văn An",
            "created_at": self.at, "expires_at": self.at + 600 * SECOND, "lease": "", "ended_at": None,
        } | values  # fmt: skip
        await self.store.write(lambda connection: connection.execute(sa.insert(speed_requests).values(row)))
        await self.book.tick()

    def requested(self, name: str) -> leases.Request:
        with self.store.reader() as connection:
            found = leases.request(connection, name)
        assert found is not None
        return found


def proof(sender: Sender, grant: Grant) -> str:
    return base64.b64encode(sender.signer.sign(PROOF_CONTEXT + grant.token.encode())).decode()


def engineer(request: str, **values: Any) -> Want:
    return replace(WANT, asked="engineer", request=request, **values)
