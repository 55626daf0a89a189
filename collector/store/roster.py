"""The roster: what units should have, and which device stands at which station."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from collector.roster.difference import Difference, difference
from collector.roster.model import Key, Roster, Site, Station, UnitRoster
from collector.roster.written import Written
from collector.store.devices import REVOKED, Device, Refused, record
from collector.store.schema import devices, roster_mark, roster_sites, roster_stations, roster_units
from collector.store.upsert import upsert

_encode = msgspec.json.Encoder().encode
_unit = msgspec.json.Decoder(UnitRoster).decode
_site = msgspec.json.Decoder(Site).decode
_station = msgspec.json.Decoder(Station).decode


def load(connection: Connection, *, retired: bool = False) -> Roster:
    """The whole roster as of one moment, secrets in clear. With `retired`, stations that it names no more too.

    3,321 units of 10 stations take 0.2 s: keep it until :func:`mark` changes.
    """
    found = _load(connection, retired)
    while mark(connection) != found.mark:  # a reader has no transaction: an import was committed meanwhile
        found = _load(connection, retired)
    return found


def _load(connection: Connection, retired: bool) -> Roster:
    revision = mark(connection)
    units = {row.unit: _unit(row.told) for row in connection.execute(sa.select(roster_units).order_by("unit"))}
    sites: dict[str, list[Site]] = {}
    for row in connection.execute(sa.select(roster_sites).order_by("unit", "id")):
        sites.setdefault(row.unit, []).append(_site(row.told))
    query = sa.select(roster_stations).order_by("unit", "id")
    stations: dict[str, list[Station]] = {}
    for row in connection.execute(query if retired else query.where(roster_stations.c.retired_at.is_(None))):
        station = _station(row.told)
        if row.device or row.retired_at is not None:
            station = structs.replace(station, device=row.device, retired_at=row.retired_at)
        stations.setdefault(row.unit, []).append(station)
    return Roster(mark=revision, units=units, sites=sites, stations=stations)


def mark(connection: Connection) -> int:
    """Changes whenever the roster, or the device of a station, changes."""
    return int(connection.scalar(sa.select(roster_mark.c.revision)) or 0)


def take(connection: Connection, written: Written, *, now: int, source: str, keep_missing: bool = False) -> Difference:
    """Takes the rows of a file, whole or not at all; what changed. A line of the audit trail says so.

    One import after another, on PostgreSQL too. Raises :class:`collector.roster.difference.NothingHidden`.
    """
    _alone(connection)
    found = difference(load(connection, retired=True), written, keep_missing=keep_missing)
    if found.changes:
        _apply(connection, found, now)
        _touch(connection)
        record(connection, now, "roster_imported", source[:64], counted(found))
    return found


def counted(found: Difference) -> str:
    """``units 2 new, 1 changed; stations 20 new, 3 removed``: for the audit trail."""
    parts = []
    for kind in ("units", "sites", "stations"):
        whats = [change.what for change in found.changes if change.kind == kind]
        counts = [f"{whats.count(what)} {what}" for what in ("new", "changed", "removed") if what in whats]
        parts += [f"{kind} {', '.join(counts)}"] if counts else []
    return "; ".join(parts)


def assign(connection: Connection, station: Key, device: str | None, *, now: int) -> bool:
    """Puts `device` at `station` (unit, id), away from wherever it stood; None frees the station.

    False when no such station is in force, or nothing changes.
    """
    _alone(connection)
    here = (roster_stations.c.unit == station[0]) & (roster_stations.c.id == station[1])
    row = connection.execute(
        sa.select(roster_stations).where(here, roster_stations.c.retired_at.is_(None))
    ).one_or_none()
    if row is None or row.device == device:
        return False
    if device is not None:
        _free(connection, roster_stations.c.device == device, now)
    connection.execute(sa.update(roster_stations).where(here).values(device=device, changed_at=now))
    _touch(connection)
    record(connection, now, "station_assigned" if device else "station_freed", "/".join(station), device or row.device)
    return True


def _alone(connection: Connection) -> None:
    """Keeps other replicas from changing the roster until the commit."""
    connection.execute(sa.select(roster_mark).with_for_update())


def _touch(connection: Connection) -> None:
    connection.execute(sa.update(roster_mark).values(revision=roster_mark.c.revision + 1))


def _free(connection: Connection, which: sa.ColumnElement[bool], now: int) -> None:
    connection.execute(sa.update(roster_stations).where(which).values(device=None, changed_at=now))


def _apply(connection: Connection, found: Difference, now: int) -> None:
    upsert(connection, roster_units, [{"unit": unit.unit, **_told(unit, now)} for unit in found.units])
    upsert(connection, roster_sites, [{"unit": site.unit, "id": site.id, **_told(site, now)} for site in found.sites])
    rows = [
        {"unit": one.unit, "id": one.id, "device": one.device, "retired_at": None}
        | _told(structs.replace(one, device=None), now)
        for one in found.stations
    ]
    upsert(connection, roster_stations, rows)
    _each(connection, roster_sites.delete(), roster_sites, found.gone)
    retire = roster_stations.update().values(device=None, retired_at=now, changed_at=now)
    _each(connection, retire, roster_stations, found.retired)


def _told(value: UnitRoster | Site | Station, now: int) -> dict[str, Any]:
    return {"told": _encode(value).decode(), "changed_at": now}


def _each(connection: Connection, statement: Any, table: sa.Table, keys: Iterable[Site | Station]) -> None:
    """`statement` for each row of `keys`."""
    here = (table.c.unit == sa.bindparam("b_unit")) & (table.c.id == sa.bindparam("b_id"))
    rows = [{"b_unit": one.unit, "b_id": one.id} for one in keys]
    if rows:
        connection.execute(statement.where(here), rows)


def settle(connection: Connection, device: Device, station: str, *, now: int) -> None:
    """Puts `device` at the station of its unit that goes by this id. Raises Refused: ``unknown_station``,
    ``station_role``, ``station_taken``."""
    _alone(connection)
    row = connection.execute(
        sa.select(roster_stations).where(
            roster_stations.c.unit == device.unit,
            roster_stations.c.id == station,
            roster_stations.c.retired_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise Refused("unknown_station", f"unit {device.unit} has no station {station!r} in its roster")
    wanted = _station(row.told).device_role
    if wanted != device.role:
        raise Refused("station_role", f"station {station!r} is for a {wanted}, not for a {device.role}")
    if row.device not in (None, device.id) and _stays(connection, row.device):
        raise Refused("station_taken", f"another device stands at station {station!r}: free it first")
    assign(connection, (device.unit, station), device.id, now=now)


def _stays(connection: Connection, device: str) -> bool:
    status = connection.scalar(sa.select(devices.c.status).where(devices.c.id == device))
    return status is not None and status != REVOKED
