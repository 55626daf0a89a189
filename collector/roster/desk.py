"""The roster's calls of the office: what the command line asks of the collector, running or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from collector.roster.difference import NothingHidden, difference
from collector.roster.model import Roster
from collector.roster.written import Written
from collector.store import roster
from collector.store.engine import Store


class Desk:
    """Arguments and answers are plain JSON; no answer holds a secret."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        self._store, self._now = store, now
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {"roster.load": self.load, "roster.import": self.take}

    async def load(self) -> dict[str, Any]:
        """The roster, with ``***`` for its secrets."""
        return await self._store.read(lambda connection: _hidden(roster.load(connection)))

    async def take(self, written: dict[str, Any], source: str, keep_missing: bool, dry_run: bool) -> dict[str, Any]:
        """Takes the rows of a file, or with `dry_run` only says what they would change: the changes, or, as
        ``nothing_hidden``, the unit whose ``***`` stands for nothing."""

        def work(connection: Connection) -> dict[str, Any]:
            rows = msgspec.convert(written, Written)
            try:
                if dry_run:
                    found = difference(roster.load(connection, retired=True), rows, keep_missing=keep_missing)
                else:
                    found = roster.take(connection, rows, now=self._now(), source=source, keep_missing=keep_missing)
            except NothingHidden as why:
                return {"nothing_hidden": why.args[0]}
            return {"changes": msgspec.to_builtins(found.changes)}

        return await (self._store.read(work) if dry_run else self._store.write(work))


def _hidden(found: Roster) -> dict[str, Any]:
    units = {code: unit.hidden() for code, unit in found.units.items()}
    answer: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(found, units=units))
    return answer
