"""Devices that moved from one unit to another.

What was judged of a unit stays that unit's: transitions and half-hours are not moved. Half-hours count a result for
the unit where its device stands when it arrives, whenever it was taken: only the agent's backlog of the road is
affected. What was found of the way before the move says nothing of the new unit's (:mod:`collector.live`).
"""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from collector.store import roster
from collector.store.devices import REVOKED, Refused, later, record
from collector.store.schema import device_moves, devices, roster_stations


class Move(Struct, frozen=True, kw_only=True):
    """A device, the units it went from and to, when (µs) and why."""

    device: str
    old: str
    new: str
    at: int
    reason: str = ""


def move(connection: Connection, device: str, unit: str, *, reason: str, now: int) -> Move:
    """Puts `device` into `unit`: its station is free from then on, its status, key and token stay. Raises Refused:
    ``unknown_device``, ``revoked``, ``same_unit``. Whether the unit exists is for the caller to know."""
    query = sa.select(devices).where(devices.c.id == device).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Refused("unknown_device", f"no device has the id {device!r}")
    if row.status == REVOKED:
        raise Refused("revoked", f"the device {device!r} was revoked: it has to enrol anew, with a token of {unit}")
    if row.unit == unit:
        raise Refused("same_unit", f"the device {device!r} stands in {unit} already")
    done = Move(device=device, old=row.unit, new=unit, at=now, reason=reason)
    _free(connection, device, now)
    connection.execute(sa.update(devices).where(devices.c.id == device).values(unit=unit, changed_at=later(now)))
    connection.execute(sa.insert(device_moves).values(device=device, old=done.old, new=unit, at=now, reason=reason))
    record(connection, now, "device_moved", device, f"from {done.old} to {unit}: {reason}")
    return done


def of_device(connection: Connection, device: str) -> list[Move]:
    """Where the device came from and went to, oldest first."""
    return _moves(connection, device_moves.c.device == device)


def since(connection: Connection, at: int) -> list[Move]:
    """Moves of all devices from `at` (µs) on, oldest first."""
    return _moves(connection, device_moves.c.at >= at)


def _moves(connection: Connection, which: sa.ColumnElement[bool]) -> list[Move]:
    query = sa.select(device_moves).where(which).order_by(device_moves.c.id)
    return [
        Move(device=row.device, old=row.old, new=row.new, at=row.at, reason=row.reason)
        for row in connection.execute(query)
    ]


def _free(connection: Connection, device: str, now: int) -> None:
    query = sa.select(roster_stations.c.unit, roster_stations.c.id).where(roster_stations.c.device == device)
    for unit, station in connection.execute(query).all():
        roster.assign(connection, (unit, station), None, now=now)
