"""The office's calls for a device that stands in another unit from now on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from typing import Any

from collector.store import moves
from collector.store.devices import Refused
from collector.store.engine import Store
from collector.store.moves import Move


class Moving:
    """Arguments and answers are plain JSON; every call raises Refused. `after` runs once a device was moved: both units
    are judged anew, and the agent finds another configuration at its next push."""

    def __init__(
        self, store: Store, units: Container[str], now: Callable[[], int], after: Callable[[], Awaitable[None]]
    ) -> None:
        self._store, self._units, self._now, self._after = store, units, now, after
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "devices.move": self.move,
            "devices.moves": self.of_device,
        }

    async def move(self, device: str, unit: str, reason: str = "") -> Move:
        """Puts the device into `unit`. Raises Refused: ``unknown_unit``, ``bad_reason`` and those of
        :func:`collector.store.moves.move`."""
        if unit not in self._units:
            raise Refused("unknown_unit", f"no unit has the code {unit!r} in this locality")
        why = " ".join(reason.split())
        if not why.isprintable():
            raise Refused("bad_reason", "expected a reason of letters and signs: it holds a control character")
        now = self._now()
        done = await self._store.write(lambda connection: moves.move(connection, device, unit, reason=why, now=now))
        await self._after()
        return done

    async def of_device(self, device: str) -> list[Move]:
        """Oldest first; none for a device that never moved."""
        return await self._store.read(lambda connection: moves.of_device(connection, device))
