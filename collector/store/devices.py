"""Enrolment tokens and devices."""

from __future__ import annotations

import hashlib
import secrets
import uuid

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from collector.store import states
from collector.store.schema import audit, device_moves, device_state, devices, tokens

ACTIVE, PENDING, REVOKED = "active", "pending", "revoked"


class Device(Struct, frozen=True, kw_only=True):
    """An enrolled device. ``status`` is ``active``, ``pending`` (until an engineer approves) or ``revoked``;
    ``moved_at`` is when (µs) it came to its unit from another one, None for one that never moved."""

    id: str
    unit: str
    role: str
    status: str
    public_key: bytes
    name: str
    enrolled_at: int
    moved_at: int | None = None


COLUMNS = tuple(name for name in Device.__struct_fields__ if name in devices.c)


class Token(Struct, frozen=True, kw_only=True):
    """An enrolment token as listed: the secret itself is not stored."""

    id: str
    unit: str
    seats: int
    used: int
    review: bool
    created_at: int
    expires_at: int
    revoked_at: int | None
    note: str


class Refused(Exception):
    """An enrolment that is not granted; ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def create_token(
    connection: Connection, *, unit: str, seats: int, now: int, days: float, review: bool = False, note: str = ""
) -> str:
    """A new token's secret text, shown once and stored as a hash."""
    secret = "ssk_" + secrets.token_urlsafe(24)
    row = {
        "id": secrets.token_hex(4), "hash": _hash(secret), "unit": unit, "seats": seats, "used": 0, "review": review,
        "created_at": now, "expires_at": now + int(days * 86_400_000_000), "note": note,
    }  # fmt: skip
    connection.execute(sa.insert(tokens).values(row))
    record(connection, now, "token_created", str(row["id"]), f"unit {unit}, {seats} seats")
    return secret


def list_tokens(connection: Connection) -> list[Token]:
    columns = [tokens.c[name] for name in Token.__struct_fields__]
    rows = connection.execute(sa.select(*columns).order_by(tokens.c.created_at))
    return [Token(**row._mapping) for row in rows]


def revoke_token(connection: Connection, token: str, now: int) -> bool:
    """Ends a token by its id; False when there is none or it had ended."""
    changed = connection.execute(
        sa.update(tokens).where(tokens.c.id == token, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount
    if changed:
        record(connection, now, "token_revoked", token)
    return bool(changed)


def enrol(connection: Connection, *, token: str, public_key: bytes, role: str, now: int) -> Device:
    """The device of `public_key`, new or the same as before. Raises Refused: ``bad_token``, ``token_expired``,
    ``token_revoked``, ``token_exhausted``."""
    query = sa.select(tokens).where(tokens.c.hash == _hash(token))
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise Refused("bad_token", "no such enrolment token")
    if row.revoked_at is not None:
        raise Refused("token_revoked", "the enrolment token was revoked")
    known = connection.execute(sa.select(devices).where(devices.c.public_key == public_key)).one_or_none()
    if known is not None:
        return _device(known)
    if now >= row.expires_at:
        raise Refused("token_expired", "the enrolment token has expired")
    if row.used >= row.seats:
        raise Refused("token_exhausted", f"all {row.seats} seats of the enrolment token are taken")
    connection.execute(sa.update(tokens).where(tokens.c.id == row.id).values(used=row.used + 1))
    return _insert(connection, row.unit, role, PENDING if row.review else ACTIVE, public_key, row.id, now)


def _insert(
    connection: Connection, unit: str, role: str, status: str, public_key: bytes, token: str, now: int
) -> Device:
    device = Device(
        id=str(uuid.uuid4()), unit=unit, role=role, status=status, public_key=public_key, name="", enrolled_at=now
    )
    values = {name: getattr(device, name) for name in COLUMNS}
    connection.execute(sa.insert(devices).values(**values, token=token, changed_at=now))
    connection.execute(sa.insert(device_state).values(device=device.id, **states.EMPTY))
    record(connection, now, "device_enrolled", device.id, f"unit {unit}, token {token}, {status}")
    return device


def set_status(connection: Connection, device: str, status: str, now: int) -> bool:
    """Approves or revokes; False when there is no such device."""
    changed = connection.execute(
        sa.update(devices).where(devices.c.id == device).values(status=status, changed_at=later(now))
    ).rowcount
    if changed:
        record(connection, now, f"device_{status}", device)
    return bool(changed)


def later(now: int) -> sa.ColumnElement[int]:
    """`now`, or what is past every change so far where the clock stood or was set back: the directory looks for the
    newest change only."""
    newest = sa.select(sa.func.coalesce(sa.func.max(devices.c.changed_at), 0) + 1).scalar_subquery()
    return sa.case((newest > now, newest), else_=now)


def mark(connection: Connection) -> tuple[int, int]:
    """Changes whenever a device is added or altered: how many there are, and when one last changed."""
    row = connection.execute(sa.select(sa.func.count(), sa.func.max(devices.c.changed_at)).select_from(devices)).one()
    return int(row[0]), int(row[1] or 0)


def list_devices(connection: Connection, since: int = 0) -> list[Device]:
    """Those that were added or altered `since` then (µs), in the order of their enrolment."""
    moved = (
        sa.select(device_moves.c.device, sa.func.max(device_moves.c.at).label("moved_at"))
        .group_by(device_moves.c.device)
        .subquery()
    )
    query = sa.select(devices, moved.c.moved_at).outerjoin(moved, moved.c.device == devices.c.id)
    lately = query.where(devices.c.changed_at >= since).order_by(devices.c.enrolled_at)
    return [_device(row) for row in connection.execute(lately)]


def record(connection: Connection, at: int, action: str, subject: str, detail: str = "") -> None:
    """A line of the audit trail."""
    connection.execute(sa.insert(audit).values(at=at, action=action, subject=subject, detail=detail))


def _device(row: sa.Row[tuple[object, ...]]) -> Device:
    return Device(**{name: row._mapping[name] for name in Device.__struct_fields__ if name in row._mapping})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
