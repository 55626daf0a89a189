"""The leases of this collector: who asks for one, who holds one, and what is used under it.

All that is promised stands in the store, so that replicas share it and a crash ends nothing that time would not end by
itself: a lease is over when its time is, whoever knows of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from checks.kit.leasing import Answer, Denial, Denied, Grant, Release, Want
from checks.kit.ndt7 import Test
from collector.directory import Directory
from collector.leases import calendar
from collector.leases.calendar import DAY
from collector.leases.door import Door, Recorded
from collector.leases.gate import Pass
from collector.leases.granting import Granting
from collector.leases.model import SECOND, Line, Policy
from collector.leases.place import Place
from collector.leases.requests import Requests
from collector.leases.token import SECRET, Tokens
from collector.log import one_line
from collector.store import leases as table
from collector.store.devices import ACTIVE, Device, record
from collector.store.engine import Store

CRASHED = 60 * SECOND
"""µs after its end when a lease of which nobody wrote down the use counts as used up."""
log = logging.getLogger("sansang.leases")


class Book:
    """Grants leases, and implements :class:`collector.leases.gate.Gate`. Run :meth:`tick` about once a second.

    `lines` tells what is known of a unit's line at an instant; `recorded` takes what servers saw of a test, beside the
    lease's own row; `told` hears of each answer: ``granted``, or a Denial.
    """

    def __init__(
        self,
        store: Store,
        directory: Directory,
        rules: Policy,
        place: Place,
        lines: Callable[[str, int], Line],
        now: Callable[[], int],
        *,
        recorded: Recorded | None = None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._directory, self._place = store, directory, place
        self._lines, self._now, self._told = lines, now, told
        self._door = Door(store, directory, now, recorded)
        self._requests = Requests(store)
        self._grants = Granting(rules, place, self._door, self._requests, now)
        self._tidied = 0

    async def start(self) -> None:
        """Call once the store is open."""
        secret = await self._store.write(lambda connection: table.secret(connection, SECRET))
        self._door.tokens = Tokens(secret)
        await self._requests.refresh(self._now())

    async def tick(self) -> None:
        """Writes down what was used, hears of new requests. Never raises for the store's sake."""
        await self._door.flush()
        now = self._now()
        try:
            await self._requests.refresh(now)
            if now - self._tidied >= CRASHED:
                self._tidied = now
                await self._store.write(lambda connection: table.expire(connection, now, now - CRASHED))
        except SQLAlchemyError as why:
            log.error("leases not tidied", extra={"why": one_line(why)})

    async def close(self) -> None:
        """Before the store is: what was counted since the last tick is written down."""
        await self._door.flush()

    # --- asking ---
    async def ask(self, device: Device, want: Want) -> Answer:
        """A lease for `device`, the one it holds, or why none."""
        now = self._now()
        if not self._place.enabled:
            return self._answered(_never(Denial.SPEED_OFF, device.id))
        if device.status != ACTIVE:
            return self._answered(_never(Denial.DEVICE, device.id, f"the device is {device.status}"))
        line = self._lines(device.unit, now)
        found: Grant | Denied | None = self._grants.foreknown(device, want, line)
        if found is None:
            found = await self._store.write(lambda connection: self._grants.ask(connection, device, want, line))
        self._requests.note(want.request, found if isinstance(found, Denied) else None)
        return self._answered(found)

    async def give(self, unit: str, check: str, *, seconds: float, bytes_: int, rate: float, author: str) -> Answer:
        """A lease of an engineer's for whoever has its token: any public client."""
        want = Want(check=check, seconds=seconds, bytes=bytes_, rate=rate, asked="engineer")
        if not self._place.enabled:
            return Answer(denied=_never(Denial.SPEED_OFF, author))
        line = self._lines(unit, self._now())

        def write(connection: Connection) -> Grant | Denied:
            found = self._grants.give(connection, want, line)
            if isinstance(found, Grant):
                record(connection, self._now(), "lease_given", found.id, f"unit {unit}, {check}, by {author}")
            return found

        return self._answered(await self._store.write(write))

    async def release(self, device: Device, told: Release) -> bool:
        """The device is through. False where it has no such lease, or its time was over long ago."""
        pending, done = self._door.take_pending(told.release), False
        try:
            done = await self._store.write(lambda connection: self._grants.release(connection, device, told, pending))
        finally:
            if not done:
                self._door.give_back(told.release, pending)
        return done

    def directives_for(self, device: str) -> list[dict[str, Any]]:
        """What the device is to hasten: for the Ack of its push. From memory."""
        member = self._directory.get(device)
        return self._requests.directives(member.device, self._now()) if member else []

    def refused(self, request: str) -> Denied | None:
        """Why a device that asked in the name of an engineer's request was given no lease, the last time; None where
        none was refused by this replica."""
        return self._requests.refused(request)

    def _answered(self, found: Grant | Denied) -> Answer:
        if isinstance(found, Grant):
            self._told("granted")
            return Answer(grant=found)
        self._told(found.reason)
        return Answer(denied=found)

    # --- the gate ---
    async def open(self, token: str, test: Test, proof: str) -> Pass:
        return await self._door.open(token, test, proof)

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:
        return self._door.count(lease, used, progress)

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
        await self._door.done(lease, test, record)

    def session(self, ssid: int) -> Pass | None:
        return self._door.session(ssid)


def _never(reason: Denial, who: str, detail: str = "") -> Denied:
    """Ask again within a day: settings change."""
    seconds = DAY / 2 * (1 + calendar.share_of(who, reason))
    return Denied(reason=reason, retry_in=round(seconds, 1), detail=detail)
