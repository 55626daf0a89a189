"""Waivers and approvals: what people decided about a unit's requirements. Rows are never deleted."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from collector.readiness.model import Waiver
from collector.store.devices import Refused, record
from collector.store.schema import waivers

Mark = tuple[int, int]


def grant(connection: Connection, wanted: Waiver) -> Waiver:
    """Stores `wanted`, from its ``created_at`` on, under an id of its own. Raises Refused: ``waived`` where one of the
    kind holds already on this requirement. Two replicas at one instant may both grant: then either holds."""
    at = wanted.created_at
    holding = [
        one
        for one in of_unit(connection, wanted.unit)
        if one.requirement == wanted.requirement and one.kind == wanted.kind and one.holds(at)
    ]
    if holding:
        raise Refused(
            "waived",
            f"the {wanted.kind} {holding[0].id} holds already on {wanted.requirement} of {wanted.unit}: "
            "revoke it first, or let it expire",
        )
    waiver = structs.replace(wanted, id=secrets.token_hex(4), revoked_at=None)
    connection.execute(sa.insert(waivers).values(structs.asdict(waiver)))
    detail = f"{waiver.unit} {waiver.requirement}, by {waiver.author}: {waiver.reason}"
    record(connection, at, f"{waiver.kind}_granted", waiver.id, detail)
    return waiver


def revoke(connection: Connection, waiver: str, *, author: str, now: int) -> Waiver | None:
    """Ends the waiver of this id at `now`; None when there is none, or it had ended."""
    query = sa.select(waivers).where(waivers.c.id == waiver).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None or not _waiver(row).holds(now):
        return None
    connection.execute(sa.update(waivers).where(waivers.c.id == waiver).values(revoked_at=now))
    record(connection, now, f"{row.kind}_revoked", waiver, f"{row.unit} {row.requirement}, by {author}")
    return structs.replace(_waiver(row), revoked_at=now)


def of_unit(connection: Connection, unit: str) -> list[Waiver]:
    """All that the unit ever had, oldest first."""
    query = sa.select(waivers).where(waivers.c.unit == unit).order_by(waivers.c.created_at, waivers.c.id)
    return [_waiver(row) for row in connection.execute(query)]


def since(connection: Connection, at: int) -> list[Waiver]:
    """Of all units, those that held at `at` (µs) or later, oldest first."""
    ended = sa.func.coalesce(waivers.c.revoked_at, waivers.c.expires_at)
    query = sa.select(waivers).where(ended > at).order_by(waivers.c.created_at, waivers.c.id)
    return [_waiver(row) for row in connection.execute(query)]


def mark(connection: Connection) -> Mark:
    """Changes whenever one is granted or revoked: how many there are, and how many were revoked."""
    counted = sa.select(sa.func.count(), sa.func.count(waivers.c.revoked_at)).select_from(waivers)
    row = connection.execute(counted).one()
    return int(row[0]), int(row[1])


def _waiver(row: sa.Row[tuple[object, ...]]) -> Waiver:
    return Waiver(**{name: row._mapping[name] for name in Waiver.__struct_fields__})
