"""What a device last said, and its unit's half-hours: the rows a push writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy import Connection

from checks.kit.wire import Gap
from collector import tally
from collector.drift import Drift
from collector.store import cursor
from collector.store.schema import days, device_state, gaps, tallies
from collector.store.upsert import insert, upsert


class Latest(Struct, array_like=True, gc=False):
    """A job's newest result: where it stands in the agent's numbering, when it was taken on the collector's clock (µs),
    and its JSON as it was sent."""

    epoch: int
    seq: int
    at: int
    raw: bytes


class State(Struct, kw_only=True, gc=False):
    """A row of ``device_state``, decoded. ``results`` goes by :func:`collector.tally.job_key`."""

    device: str
    cursors: cursor.Cursors = field(default_factory=dict)
    results: dict[str, Latest] = field(default_factory=dict)
    health: dict[str, float] = field(default_factory=dict)
    boot: str = ""
    version: str = ""
    last_received: int | None = None
    last_seen: int | None = None
    clock_offset: float | None = None
    drift: Drift | None = None


_encode = msgspec.msgpack.Encoder().encode
_results = msgspec.msgpack.Decoder(dict[str, Latest]).decode
_health = msgspec.msgpack.Decoder(dict[str, float]).decode
_drift = msgspec.msgpack.Decoder(Drift).decode
EMPTY: dict[str, Any] = {"cursors": _encode({}), "results": _encode({}), "health": _encode({})}

_update = (
    sa.update(device_state)
    .where(device_state.c.device == sa.bindparam("b_device"))
    .values({column.name: sa.bindparam(f"b_{column.name}") for column in device_state.c if column.name != "device"})
)


def load(connection: Connection, ids: Iterable[str] | None = None, *, lock: bool = False) -> Iterator[State]:
    """States of the devices `ids`, or of all. `lock` keeps other replicas from changing them until the commit."""
    query = sa.select(device_state)
    if ids is not None:
        query = query.where(device_state.c.device.in_(list(ids))).order_by(device_state.c.device)
    if lock:
        query = query.with_for_update()
    for row in connection.execute(query):
        values = dict(row._mapping)
        values["cursors"] = cursor.decode(values["cursors"])
        values["results"] = _results(values["results"])
        values["health"] = _health(values["health"])
        values["drift"] = _drift(values["drift"]) if values["drift"] else None
        yield State(**values)


def save(connection: Connection, states: Iterable[State]) -> None:
    rows = [
        {
            "b_device": state.device,
            "b_cursors": cursor.encode(state.cursors),
            "b_results": _encode(state.results),
            "b_health": _encode(state.health),
            "b_boot": state.boot,
            "b_version": state.version,
            "b_last_received": state.last_received,
            "b_last_seen": state.last_seen,
            "b_clock_offset": state.clock_offset,
            "b_drift": _encode(state.drift) if state.drift else None,
        }
        for state in states
    ]
    if rows:
        connection.execute(_update, rows)


def load_tally(connection: Connection, unit: str, start: int, writer: str) -> bytes | None:
    """One writer's half-hour of a unit, encoded, or None."""
    query = sa.select(tallies.c.jobs).where(
        tallies.c.unit == unit, tallies.c.start == start, tallies.c.writer == writer
    )
    blob: bytes | None = connection.scalar(query)
    return blob


def load_tallies(connection: Connection, unit: str, since: int, until: int) -> list[tuple[int, bytes]]:
    """(start, jobs) of all writers' half-hours of `unit` with since ≤ start < until (epoch seconds), in order."""
    query = (
        sa.select(tallies.c.start, tallies.c.jobs)
        .where(tallies.c.unit == unit, tallies.c.start >= since, tallies.c.start < until)
        .order_by(tallies.c.start)
    )
    return [(row.start, row.jobs) for row in connection.execute(query)]


def save_tallies(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Rows of unit, start, writer, jobs; what stands there is replaced."""
    upsert(connection, tallies, rows)


def fold_days(connection: Connection, before: int, office: Callable[[int], bool]) -> int:
    """Adds the half-hours that start before `before` (epoch seconds, a midnight UTC) to their units' days, and drops
    them; how many there were. A late one simply adds to its day the next time."""
    query = sa.select(tallies).where(tallies.c.start < before)
    sums: dict[tuple[str, int, bool], list[tally.Jobs]] = {}
    rows = list(connection.execute(query))
    for row in rows:
        sums.setdefault((row.unit, row.start // 86_400, office(row.start)), []).append(tally.decode(row.jobs))
    folded = []
    for (unit, day, inside), parts in sums.items():
        where = (days.c.unit == unit) & (days.c.day == day) & (days.c.office == inside)
        held = connection.scalar(sa.select(days.c.jobs).where(where))
        total = tally.merged([*parts, tally.decode(held)] if held else parts)
        folded.append({"unit": unit, "day": day, "office": inside, "jobs": tally.encode(total)})
    if folded:
        upsert(connection, days, folded)
        connection.execute(sa.delete(tallies).where(tallies.c.start < before))
    return len(rows)


def load_days(connection: Connection, unit: str) -> list[tuple[int, bool, bytes]]:
    """(day, office, jobs) of a unit, oldest first."""
    query = sa.select(days.c.day, days.c.office, days.c.jobs).where(days.c.unit == unit)
    return [(row.day, row.office, row.jobs) for row in connection.execute(query.order_by(days.c.day, days.c.office))]


def save_gaps(connection: Connection, found: list[tuple[str, int, Gap]], now: int) -> None:
    """Gaps as (device, epoch, gap); one that is known already stays as it is."""
    if found:
        rows = [
            {"device": device, "epoch": epoch, "first": gap.first, "last": gap.last, "reason": gap.reason, "at": now}
            for device, epoch, gap in found
        ]
        connection.execute(insert(connection, gaps).on_conflict_do_nothing(), rows)


def load_gaps(connection: Connection, device: str) -> list[tuple[int, Gap]]:
    """(epoch, gap) of a device, oldest first."""
    query = sa.select(gaps).where(gaps.c.device == device).order_by(gaps.c.id)
    return [(row.epoch, Gap(row.first, row.last, row.reason)) for row in connection.execute(query)]
