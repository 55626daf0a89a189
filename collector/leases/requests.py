"""Engineers' requests for a test: who is told of them, and who may ask a lease in their name."""

from __future__ import annotations

from typing import Any

from msgspec import structs
from sqlalchemy import Connection

from checks.kit.leasing import Denied
from collector.leases.model import SECOND
from collector.store import leases as table
from collector.store.devices import ACTIVE, Device
from collector.store.engine import Store
from collector.store.leases import Request

HANDED = 90 * SECOND
"""How long a request that any device of the unit may answer is left to the one that was told, before the next is."""


class Requests:
    """The open ones, in memory; `refresh` brings in what commands, pages and other replicas changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, Request] = {}
        self._handed: dict[str, tuple[str, int]] = {}
        self._refused: dict[str, Denied] = {}

    async def refresh(self, now: int) -> None:
        """Reads them again: one small query."""
        found = await self._store.read(lambda connection: _open(connection, now))
        self._open = {one.id: one for one in found}
        self._handed = {key: to for key, to in self._handed.items() if key in self._open}
        self._refused = {key: why for key, why in self._refused.items() if key in self._open}

    def directives(self, device: Device, now: int) -> list[dict[str, Any]]:
        """What the device is to hasten. From memory: this is on the way of every push."""
        if not self._open or device.status != ACTIVE:
            return []
        found = []
        for one in self._open.values():
            waits = not one.lease and one.fits(device.unit, device.id, one.check, now)
            if waits and (one.device or self._hand(one.id, device.id, now)):
                found.append({"do": "measure", "check": one.check, "request": one.id})
        return found

    def _hand(self, request: str, device: str, now: int) -> bool:
        holder, until = self._handed.get(request, ("", 0))
        if holder != device and now < until:
            return False
        if holder != device or now >= until:
            self._handed[request] = device, now + HANDED
        return True

    def note(self, request: str, denied: Denied | None) -> None:
        """What a device that asked in its name was answered."""
        self._refused.pop(request, None)
        if denied is not None and request in self._open:
            self._refused[request] = denied

    def refused(self, request: str) -> Denied | None:
        """Why the last one was given no lease."""
        return self._refused.get(request)

    def known(self, request: str) -> bool:
        """Whether it was open at the last look."""
        return request in self._open


def entitled(connection: Connection, request: str, device: Device, check: str, now: int) -> bool:
    """Whether the device may measure for it now, and nobody else does."""
    found = table.request(connection, request)
    if found is None or not found.fits(device.unit, device.id, check, now):
        return False
    lease = table.by_id(connection, found.lease) if found.lease else None
    return lease is None or lease.device == device.id or not lease.holds(now)


def _open(connection: Connection, now: int) -> list[Request]:
    """A request whose lease lapsed waits again."""
    found = []
    for one in table.open_requests(connection, now):
        lease = table.by_id(connection, one.lease) if one.lease else None
        found.append(one if lease is not None and lease.holds(now) else structs.replace(one, lease=""))
    return found
