"""Measurements of speed, each kept by itself as evidence, and engineers' requests for one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from collector.evidence.model import LATE, Measurement
from collector.leases.model import Lease
from collector.store.devices import record
from collector.store.leases import Request
from collector.store.schema import devices, measurements, speed_requests
from collector.store.upsert import insert

MOST = 50_000
"""Measurements that are read at once: a month of two checks a day by 800 units."""
_KEY = ["device", "check", "at"]


def add(connection: Connection, found: Measurement) -> None:
    """Keeps one; what is kept of the same device, check and time already stays as it is."""
    values = structs.asdict(found)
    del values["id"]
    connection.execute(insert(connection, measurements).on_conflict_do_nothing(index_elements=_KEY).values(values))


def by_id(connection: Connection, key: int) -> Measurement | None:
    """None where there is none."""
    row = connection.execute(sa.select(measurements).where(measurements.c.id == key)).one_or_none()
    return Measurement(**row._mapping) if row else None


def of_lease(connection: Connection, lease: Lease) -> list[Measurement]:
    """Those that name `lease`, of its unit and check and taken about its time, in the order they came."""
    table = measurements.c
    here = (table.unit == lease.unit) & (table.check == lease.check)
    then = table.at.between(lease.starts_at - LATE, lease.ends_at + LATE)
    query = sa.select(measurements).where(here & then & (table.lease == lease.id)).order_by(table.id)
    return [Measurement(**row._mapping) for row in connection.execute(query)]


def change(connection: Connection, key: int, *, valid: str, server: str) -> None:
    """What was found of it since."""
    connection.execute(sa.update(measurements).where(measurements.c.id == key).values(valid=valid, server=server))


def of_unit(connection: Connection, unit: str, since: int, *, most: int = MOST) -> list[Measurement]:
    """The unit's from `since` on, newest first."""
    query = sa.select(measurements).where(measurements.c.unit == unit, measurements.c.at >= since)
    return [Measurement(**row._mapping) for row in connection.execute(_newest(query, most))]


def since(
    connection: Connection, at: int, *, units: Collection[str] | None = None, most: int = MOST
) -> Iterator[Measurement]:
    """Of all units, or of `units`, from `at` on, newest first, without the server's records; `most` at most."""
    table = measurements.c
    query = sa.select(*(column for column in table if column.name != "server")).where(table.at >= at)
    if units is not None:
        query = query.where(table.unit.in_(sorted(units)))
    for row in connection.execute(_newest(query, most)).yield_per(500):
        yield Measurement(**row._mapping)


def _newest(query: sa.Select[tuple[object, ...]], most: int) -> sa.Select[tuple[object, ...]]:
    return query.order_by(measurements.c.at.desc(), measurements.c.id.desc()).limit(most)


def forget(connection: Connection, before: int) -> int:
    """Deletes those taken before `before`; how many."""
    return connection.execute(sa.delete(measurements).where(measurements.c.at < before)).rowcount


def public_key(connection: Connection, device: str) -> bytes | None:
    """The Ed25519 key of a device, revoked or not; None where none has that id."""
    key = connection.scalar(sa.select(devices.c.public_key).where(devices.c.id == device))
    return None if key is None else bytes(key)


def ask(connection: Connection, wanted: Request) -> Request:
    """Stores `wanted` under an id of its own; while one like it is open, gives that: two clicks are one test."""
    table = speed_requests.c
    like = (table.unit == wanted.unit) & (table.device == wanted.device) & (table.check == wanted.check)
    live = table.ended_at.is_(None) & (table.expires_at > wanted.created_at)
    row = connection.execute(sa.select(speed_requests).where(like & live).order_by(table.created_at)).first()
    if row is not None:
        return Request(**row._mapping)
    request = structs.replace(wanted, id=secrets.token_hex(8))
    connection.execute(sa.insert(speed_requests).values(structs.asdict(request)))
    detail = f"unit {request.unit}, {request.check}, device {request.device or 'any'}, by {request.author}"
    record(connection, request.created_at, "speed_requested", request.id, detail)
    return request
