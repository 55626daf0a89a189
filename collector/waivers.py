"""The waivers and approvals in force, in memory like the directory: which hold, which run out soon."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sqlalchemy import Connection

from collector.readiness.model import Waiver
from collector.store import waivers
from collector.store.engine import Store

KEPT = 30 * 86_400_000_000
"""µs for which an ended one stays in memory, for pages that say what has run out."""
NONE: list[Waiver] = []
log = logging.getLogger("sansang.waivers")


class Waivers:
    """Those that hold, and those that ended lately, by unit. Read on the loop's thread; `refresh` brings in what a
    command or another replica changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mark: waivers.Mark = (-1, -1)
        self._seen: int | None = None
        self._by_unit: dict[str, list[Waiver]] = {}

    async def refresh(self, now: int) -> set[str]:
        """Units of which one was granted or revoked since the last call, or has run out: that is logged. When nothing
        has happened it costs one small query."""
        found = await self._store.read(lambda connection: self._changed(connection, now))
        before = self._by_unit
        if found is not None:
            self._mark, rows = found
            self._by_unit = {}
            for row in rows:
                self._by_unit.setdefault(row.unit, []).append(row)
        since, self._seen = now if self._seen is None else self._seen, now
        over = [one for several in self._by_unit.values() for one in several if _ran_out(one, since, now)]
        for one in over:
            log.warning("%s expired", one.kind, extra=told(one))
        changed = {code for code in {*before, *self._by_unit} if before.get(code) != self._by_unit.get(code)}
        return changed | {one.unit for one in over}

    def _changed(self, connection: Connection, now: int) -> tuple[waivers.Mark, list[Waiver]] | None:
        mark = waivers.mark(connection)
        return None if mark == self._mark else (mark, waivers.since(connection, now - KEPT))

    def of_unit(self, unit: str) -> list[Waiver]:
        """Those of the unit that hold or ended lately, oldest first; :meth:`Waiver.holds` tells which."""
        return self._by_unit.get(unit, NONE)

    def expiring(self, now: int, within: int) -> list[Waiver]:
        """Those that hold at `now` and run out within so many µs, the first to do so first."""
        return _by_end(one for one in self._all() if one.holds(now) and one.expires_at - now <= within)

    def expired(self, now: int, within: int) -> list[Waiver]:
        """Those that ran out in the last so many µs (at most KEPT), the latest first. Revoked ones did not run out."""
        return _by_end(one for one in self._all() if _ran_out(one, now - within, now))[::-1]

    def _all(self) -> list[Waiver]:
        return [one for several in self._by_unit.values() for one in several]


def _by_end(found: Iterable[Waiver]) -> list[Waiver]:
    return sorted(found, key=lambda one: (one.expires_at, one.unit, one.id))


def _ran_out(one: Waiver, since: int, now: int) -> bool:
    return one.revoked_at is None and since < one.expires_at <= now


def told(one: Waiver) -> dict[str, str]:
    """Its keys in a line of the log."""
    return {"waiver": one.id, "unit": one.unit, "requirement": one.requirement, "author": one.author}
