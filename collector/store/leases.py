"""Leases, requests for a test, and the secrets that tokens are made with. Rows are written under the mark.

The mark is one row that whoever grants takes first: shares and budgets are over all servers and replicas, so that two
never grant at once. SQLite has one writer, and needs none.
"""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection

from collector.leases.model import EXPIRED, GRANTED, RUNNING, Lease
from collector.store.schema import lease_mark, leases, secrets, speed_requests
from collector.store.upsert import insert

ALL = "*"
RECORDS = "records"
"""The key of ``progress`` under which the server's records stand; all others are what is measured now."""
MOST_RECORDS, LARGEST_RECORD = 32, 16_384
_COLUMNS = [leases.c[name] for name in Lease.__struct_fields__]


class Request(Struct, frozen=True, kw_only=True):
    """An engineer's request for a test, by a device of the unit, or by any where ``device`` is empty. ``lease`` is the
    one that was granted for it. µs."""

    id: str
    unit: str
    device: str = ""
    check: str
    author: str
    created_at: int
    expires_at: int
    lease: str = ""
    ended_at: int | None = None

    def fits(self, unit: str, device: str, check: str, now: int) -> bool:
        """Whether this device may measure for it now."""
        mine = self.unit == unit and self.device in ("", device) and self.check == check
        return mine and self.ended_at is None and now < self.expires_at


def secret(connection: Connection, name: str) -> bytes:
    """32 random bytes, made by whoever asks first."""
    query = sa.select(secrets.c.value).where(secrets.c.name == name)
    if connection.scalar(query) is None:
        new = {"name": name, "value": random.token_bytes(32)}
        connection.execute(insert(connection, secrets).on_conflict_do_nothing(), new)
    return bytes(connection.execute(query).scalar_one())


def take_mark(connection: Connection) -> None:
    """Waits until no other replica grants; held until the commit."""
    query = sa.select(lease_mark.c.revision).where(lease_mark.c.server == ALL).with_for_update()
    if connection.scalar(query) is None:
        connection.execute(insert(connection, lease_mark).on_conflict_do_nothing(), {"server": ALL, "revision": 0})
        connection.scalar(query)


def held(connection: Connection, now: int) -> list[Lease]:
    """Those that end after `now`, of all units and servers."""
    return _read(connection, leases.c.ends_at > now)


def of_unit(connection: Connection, unit: str, since: int) -> list[Lease]:
    """The unit's that start at `since` or later, oldest first."""
    return _read(connection, (leases.c.unit == unit) & (leases.c.starts_at >= since))


def by_id(connection: Connection, lease: str, *, lock: bool = False) -> Lease | None:
    """One lease; `lock` keeps other replicas from changing it until the commit."""
    query = sa.select(*_COLUMNS).where(leases.c.id == lease)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _lease(row) if row else None


def in_session(connection: Connection, now: int) -> list[Lease]:
    """Those that hold at `now` and have a STAMP session."""
    live = leases.c.state.in_((GRANTED, RUNNING)) & (leases.c.ends_at > now) & (leases.c.session != 0)
    return _read(connection, live)


def _read(connection: Connection, which: sa.ColumnElement[bool]) -> list[Lease]:
    query = sa.select(*_COLUMNS).where(which).order_by(leases.c.starts_at, leases.c.id)
    return [_lease(row) for row in connection.execute(query)]


def _lease(row: sa.Row[Any]) -> Lease:
    return Lease(**dict(zip(Lease.__struct_fields__, row, strict=True)))


def add(connection: Connection, lease: Lease) -> None:
    """A new lease."""
    connection.execute(sa.insert(leases).values(structs.asdict(lease)))
    connection.execute(
        sa.update(lease_mark).where(lease_mark.c.server == ALL).values(revision=lease_mark.c.revision + 1)
    )


def change(connection: Connection, lease: str, **values: Any) -> None:
    """Sets columns of one lease."""
    connection.execute(sa.update(leases).where(leases.c.id == lease).values(**values))


def count(connection: Connection, lease: str, used: int, now: Mapping[str, float]) -> Lease | None:
    """Adds `used` bytes; `now`, unless empty, replaces what was measured before. The lease as it stands then."""
    found = by_id(connection, lease, lock=True)
    if found is None:
        return None
    progress = json.dumps({**now, RECORDS: _told(found).get(RECORDS, [])}) if now else found.progress
    state = RUNNING if found.state == GRANTED else found.state
    changed = structs.replace(found, used=found.used + used, progress=progress, state=state)
    change(connection, lease, used=changed.used, progress=progress, state=state)
    return changed


def record(connection: Connection, lease: str, test: str, seen: Mapping[str, Any]) -> None:
    """Keeps what the server saw of a stream: MOST_RECORDS of a lease, each of LARGEST_RECORD characters at most."""
    found = by_id(connection, lease, lock=True)
    if found is None:
        return
    told = _told(found)
    kept = told.get(RECORDS, [])
    one = {"test": test, **seen}
    if len(json.dumps(one, default=str)) > LARGEST_RECORD:
        one = {"test": test, "too_large": True}
    if len(kept) < MOST_RECORDS:
        change(connection, lease, progress=json.dumps({**told, RECORDS: [*kept, one]}, default=str))


def records(lease: Lease) -> list[dict[str, Any]]:
    """What the server saw of each stream that has ended, in order; ``test`` names the test."""
    found: list[dict[str, Any]] = _told(lease).get(RECORDS, [])
    return found


def measured(lease: Lease) -> dict[str, float]:
    """What is measured now, or was last."""
    return {name: value for name, value in _told(lease).items() if name != RECORDS}


def _told(lease: Lease) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lease.progress) if lease.progress else {}
    return found


def expire(connection: Connection, now: int, crashed: int) -> int:
    """Names those expired whose time is over and of which what was used is known: nothing, or what this call's caller
    counted. Those that ran and ended before `crashed` are so named too, with all of their bytes used: who counted them
    is gone. How many."""
    over = sa.update(leases).where(leases.c.ends_at <= now, leases.c.state == GRANTED).values(state=EXPIRED)
    lost = sa.update(leases).where(leases.c.ends_at <= crashed, leases.c.state == RUNNING)
    whole = sa.case((leases.c.used > leases.c.bytes, leases.c.used), else_=leases.c.bytes)
    return connection.execute(over).rowcount + connection.execute(lost.values(state=EXPIRED, used=whole)).rowcount


def forget(connection: Connection, before: int) -> int:
    """Deletes leases and requests that ended before `before`; how many. Run it with the measurements' own limit: they
    name leases."""
    old = connection.execute(sa.delete(leases).where(leases.c.ends_at < before)).rowcount
    return old + connection.execute(sa.delete(speed_requests).where(speed_requests.c.expires_at < before)).rowcount


def open_requests(connection: Connection, now: int) -> list[Request]:
    """Those that were neither measured nor have expired, oldest first."""
    live = speed_requests.c.ended_at.is_(None) & (speed_requests.c.expires_at > now)
    query = sa.select(speed_requests).where(live).order_by(speed_requests.c.created_at, speed_requests.c.id)
    return [Request(**row._mapping) for row in connection.execute(query)]


def request(connection: Connection, key: str) -> Request | None:
    """The request `key`; None where there is none."""
    row = connection.execute(sa.select(speed_requests).where(speed_requests.c.id == key)).one_or_none()
    return Request(**row._mapping) if row else None


def answer(connection: Connection, key: str, lease: str) -> None:
    """Notes the lease that was granted for a request."""
    connection.execute(sa.update(speed_requests).where(speed_requests.c.id == key).values(lease=lease))


def end_requests(connection: Connection, held: Iterable[str], now: int) -> None:
    """Ends the requests that the leases `held` were granted for: they were measured."""
    open_ = speed_requests.c.lease.in_(list(held)) & speed_requests.c.ended_at.is_(None)
    connection.execute(sa.update(speed_requests).where(open_).values(ended_at=now))
