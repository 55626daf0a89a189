"""What units are judged by, as it is in force now. A changed profile or price list is taken while this runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from collector.catalog import Catalog, Standards
from collector.readiness.model import Target
from collector.readiness.path import Paths
from collector.reload import Reload, Trouble
from collector.store import profiles
from collector.store.engine import Store


class Rules:
    """``profile`` is the one in force, ``paths`` the shortest ways to what it asks. ``targets`` are those of a unit;
    ``tell`` takes what the roster knows of a unit's line, False when it does not fit."""

    def __init__(self, store: Store, catalog: Catalog, now: Callable[[], int]) -> None:
        self._store, self._catalog, self._now = store, catalog, now
        self._reload: Reload[Standards] = Reload(catalog.files, self._read, self._keep, now)
        self.profile, self.paths = catalog.profile, Paths(catalog.prices)

    @property
    def locality(self) -> str:
        return self._catalog.locality.id

    @property
    def trouble(self) -> Trouble | None:
        """Why the files are not in force."""
        return self._reload.trouble

    def targets(self, unit: str) -> list[Target]:
        return self._catalog.targets_of(unit)

    def tell(self, unit: str, uplink: dict[str, Any]) -> bool:
        return self._catalog.tell(unit, uplink)

    async def start(self) -> None:
        """Keeps the profile, so that its verdicts can be told later. Raises StoreError when its name stands for another
        content already."""
        await self._keep(Standards(self.profile, self._catalog.prices, ()))

    async def look(self) -> bool:
        """Takes what the files say into force, when that has changed and is right; whether it did."""
        found = await self._reload.look()
        if found is None:
            return False
        self.profile, self.paths = found.profile, Paths(found.prices)
        return True

    def _read(self) -> tuple[Standards, Iterable[Path]]:
        found = self._catalog.standards()
        return found, found.files

    async def _keep(self, found: Standards) -> None:
        await self._store.write(lambda connection: profiles.keep(connection, found.profile, self._now()))
