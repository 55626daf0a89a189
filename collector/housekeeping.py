"""Keeps what is stored in proportion to units and days: half-hours past the judged window become days, measurements
and leases past a contract year are forgotten."""

from __future__ import annotations

from collections.abc import Callable

from collector.evidence import keeper
from collector.store.engine import Store
from collector.store.states import fold_days
from collector.windows import DAY, DAYS

KEPT_DAYS = DAYS + 2
"""Half-hours that are kept as such: the longest window, and the day at each of its edges."""


class Housekeeping:
    """Run it hourly: each run then has at most a few hours' worth to do. `complain` gets what stopped one."""

    def __init__(
        self, store: Store, office: Callable[[int], bool], now: Callable[[], int], complain: Callable[[Exception], None]
    ) -> None:
        self._store, self._office, self._now, self._complain = store, office, now, complain

    async def tick(self) -> None:
        try:
            await self.once()
        except Exception as why:
            self._complain(why)

    async def once(self) -> int:
        """How many half-hours were folded."""
        now = self._now()
        before = (now // 1_000_000 // DAY - KEPT_DAYS) * DAY
        await self._store.write(lambda connection: keeper.tidy(connection, now))
        return await self._store.write(lambda connection: fold_days(connection, before, self._office))
