"""Findings: one row each, from when it is opened. What is open outlives a restart."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Connection

from collector.attribution.model import Finding
from collector.store.schema import findings
from collector.store.upsert import upsert

KEPT = 200
"""Devices that are stored with a finding, the first by id: one over a whole city names its units, and would be 300 kB a
write with all 8,400."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Finding).decode


def save(connection: Connection, found: Iterable[Finding], now: int) -> None:
    """Stores `found`, with KEPT devices at most; what stands under an id is replaced."""
    rows = [
        {
            "id": finding.id,
            "opened_at": finding.opened_at,
            "closed_at": finding.closed_at,
            "changed_at": now,
            "body": _encode(replace(finding, devices=finding.devices[:KEPT])).decode(),
        }
        for finding in found
    ]
    upsert(connection, findings, rows)


def load_open(connection: Connection) -> list[Finding]:
    """Those that are not closed, cleared ones too, oldest first."""
    return _read(connection, findings.c.closed_at.is_(None))


def since(connection: Connection, since: int) -> list[Finding]:
    """Those that were open at `since` (µs) or later, oldest first."""
    return _read(connection, sa.or_(findings.c.closed_at.is_(None), findings.c.closed_at >= since))


def by_id(connection: Connection, key: str) -> Finding | None:
    """The one with the id `key`, open or closed; None where there never was one."""
    return next(iter(_read(connection, findings.c.id == key)), None)


def of_unit(connection: Connection, unit: str, since: int) -> list[Finding]:
    """Of :func:`since`, those that stop something in `unit`."""
    named = sa.and_(
        sa.or_(findings.c.closed_at.is_(None), findings.c.closed_at >= since),
        findings.c.body.contains(f'"{unit}"', autoescape=True),
    )
    return [finding for finding in _read(connection, named) if unit in finding.units]


def _read(connection: Connection, which: sa.ColumnElement[bool]) -> list[Finding]:
    query = sa.select(findings.c.body).where(which).order_by(findings.c.opened_at, findings.c.id)
    return [_decode(body) for body in connection.scalars(query)]
