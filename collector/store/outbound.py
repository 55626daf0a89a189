"""What waits to be sent to receivers of remote write: a row holds results of one commit, for one endpoint.

A row is deleted once it was sent or dropped, so that no sender needs a place in the queue and a commit that becomes
visible late is not passed over. Times are µs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from collector.store.schema import outbound, outbound_turns
from collector.store.upsert import insert

ROWS = 64
"""Rows that are looked at for one load."""


class Waiting(Struct, frozen=True):
    """What of one endpoint waits: samples, bytes, the time of the oldest result (None: nothing waits)."""

    samples: int = 0
    size: int = 0
    oldest: int | None = None


class Row(Struct, frozen=True):
    """One row to be sent."""

    id: int
    body: bytes


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Appends `rows`, by column."""
    connection.execute(sa.insert(outbound), rows)


def load(connection: Connection, endpoint: str, samples: int) -> list[Row]:
    """The endpoint's oldest rows, until they hold `samples`; one at least, where one waits."""
    table = outbound.c
    query = sa.select(table.id, table.samples).where(table.endpoint == endpoint).order_by(table.id).limit(ROWS)
    wanted: list[int] = []
    total = 0
    for key, count in connection.execute(query):
        if wanted and total + count > samples:
            break
        wanted.append(key)
        total += count
    found = connection.execute(sa.select(table.id, table.body).where(table.id.in_(wanted)).order_by(table.id))
    return [Row(key, bytes(body)) for key, body in found]


def delete(connection: Connection, keys: Collection[int]) -> None:
    """Deletes rows that were sent."""
    connection.execute(sa.delete(outbound).where(outbound.c.id.in_(list(keys))))


def waiting(connection: Connection) -> dict[str, Waiting]:
    """What waits, by endpoint."""
    table = outbound.c
    totals = sa.func.sum(table.samples), sa.func.sum(table.size), sa.func.min(table.oldest)
    query = sa.select(table.endpoint, *totals).group_by(table.endpoint)
    return {name: Waiting(int(samples), int(size), oldest) for name, samples, size, oldest in connection.execute(query)}


def expire(connection: Connection, endpoint: str, before: int, spared: Sequence[int] = ()) -> int:
    """Drops rows of `endpoint` that were appended before `before`; how many samples."""
    table = outbound.c
    return _drop(connection, (table.endpoint == endpoint) & (table.at < before) & table.id.not_in(spared))


def shrink(connection: Connection, endpoint: str, surplus: int, spared: Sequence[int] = ()) -> int:
    """Drops the oldest rows of `endpoint` until `surplus` bytes are gone; how many samples."""
    table = outbound.c
    query = sa.select(table.id, table.size).where(table.endpoint == endpoint, table.id.not_in(spared))
    last = None
    for key, size in connection.execute(query.order_by(table.id)):
        if surplus <= 0:
            break
        last, surplus = key, surplus - size
    if last is None:
        return 0
    return _drop(connection, (table.endpoint == endpoint) & (table.id <= last) & table.id.not_in(spared))


def _drop(connection: Connection, which: sa.ColumnElement[bool]) -> int:
    lost = connection.scalar(sa.select(sa.func.sum(outbound.c.samples)).where(which))
    if lost is not None:
        connection.execute(sa.delete(outbound).where(which))
    return int(lost or 0)


def claim(connection: Connection, endpoint: str, holder: str, now: int, until: int) -> bool:
    """Whether `holder` may send to `endpoint` until `until`; not while another's turn lasts."""
    turns = outbound_turns
    first = insert(connection, turns).values(endpoint=endpoint, holder=holder, ends_at=until)
    connection.execute(first.on_conflict_do_nothing())
    free = (turns.c.holder == holder) | (turns.c.ends_at <= now)
    mine = sa.update(turns).where(turns.c.endpoint == endpoint, free).values(holder=holder, ends_at=until)
    return connection.execute(mine).rowcount == 1
