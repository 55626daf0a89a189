"""Who may push: the enrolled devices with their keys, in memory."""

from __future__ import annotations

from msgspec import Struct
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError
from sqlalchemy import Connection

from collector.store import devices
from collector.store.devices import Device
from collector.store.engine import Store


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

    async def refresh(self) -> None:
        """Reads the devices again if any has changed; thousands that have not cost one small query."""
        mark, found = await self._store.read(self._changed)
        if mark == self._mark:
            return
        self._mark = mark
        self._members = {device.id: Member(device, Key(device.public_key)) for device in found}
        self._by_unit = {}
        for device in found:
            self._by_unit.setdefault(device.unit, []).append(device)

    def _changed(self, connection: Connection) -> tuple[tuple[int, int], list[Device]]:
        mark = devices.mark(connection)
        return mark, [] if mark == self._mark else devices.list_devices(connection)

    def get(self, device: str) -> Member | None:
        return self._members.get(device)

    def of_unit(self, unit: str) -> list[Device]:
        return self._by_unit.get(unit, [])

    @property
    def units(self) -> set[str]:
        """Units that have at least one device."""
        return set(self._by_unit)
