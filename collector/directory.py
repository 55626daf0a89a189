"""Who may push: the enrolled devices with their keys, in memory."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from functools import partial

from msgspec import Struct
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError
from sqlalchemy import Connection

from collector.store import devices
from collector.store.devices import Device
from collector.store.engine import Store

WHOLE = 60.0
"""Seconds. What a replica stamped whose clock is behind by more than SLACK is seen after them at the latest."""
SLACK = 10_000_000
"""Microseconds before the newest change that are read again."""


class Key(Struct, frozen=True):
    """A device's Ed25519 public key, 32 bytes."""

    raw: bytes

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) is over `message` by this key. Never raises."""
        try:
            crypto_sign_open(signature + message, self.raw)
        except (BadSignatureError, ValueError, TypeError):
            return False
        return True


class Member(Struct, frozen=True):
    """A device and its key."""

    device: Device
    key: Key


class Directory:
    """The devices by id. `refresh` brings in what other replicas and the command line changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._members: dict[str, Member] = {}
        self._by_unit: dict[str, list[Device]] = {}
        self._mark = (-1, -1)
        self._whole_at = -math.inf
        self._added: list[Device] = []
        self._alone = asyncio.Lock()

    async def refresh(self) -> None:
        """Brings in the devices that have changed; thousands that have not cost one small query. While a city enrols
        only the latest are read, and all of them where some are missing, or every WHOLE seconds."""
        async with self._alone:
            self._added.clear()
            lately = time.monotonic() < self._whole_at + WHOLE
            mark, found = await self._store.read(partial(self._changed, lately))
            if mark == self._mark:
                return
            if lately:
                self._take(found)
                lately = len(self._members) >= mark[0]
                if not lately:
                    mark, found = await self._store.read(partial(self._changed, lately))
            if not lately:
                self._whole_at = time.monotonic()
                self._members, self._by_unit = {}, {}
                self._take(found)
                self._take([device for device in self._added if device.id not in self._members])
            self._mark = mark

    def add(self, device: Device) -> None:
        """One that was just enrolled here may push before the next refresh. What is known of a device stays."""
        if device.id not in self._members:
            self._added.append(device)
            self._take([device])

    def _changed(self, lately: bool, connection: Connection) -> tuple[tuple[int, int], list[Device]]:
        mark = devices.mark(connection)
        since = self._mark[1] - SLACK if lately else 0
        return mark, [] if mark == self._mark else devices.list_devices(connection, since)

    def _take(self, found: Iterable[Device]) -> None:
        units: dict[str, list[Device]] = {}
        for device in found:
            before = self._members.get(device.id)
            if before is not None:
                if before.device == device:
                    continue
                units.setdefault(before.device.unit, [])
            self._members[device.id] = Member(device, Key(device.public_key))
            units.setdefault(device.unit, []).append(device)
        for unit, fresh in units.items():
            stay = [device for device in self._by_unit.pop(unit, []) if self._members[device.id].device is device]
            if stay or fresh:
                self._by_unit[unit] = sorted([*stay, *fresh], key=lambda device: device.enrolled_at)

    def get(self, device: str) -> Member | None:
        return self._members.get(device)

    def of_unit(self, unit: str) -> list[Device]:
        return self._by_unit.get(unit, [])

    @property
    def units(self) -> set[str]:
        """Units that have at least one device."""
        return set(self._by_unit)
