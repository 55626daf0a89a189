"""Keeps measurements: as they are pushed, in the commit that makes them durable, and as the server's records come.

Both ways lead to the same row, whichever comes first: a result finds the records of its lease there, a record finds the
result that names it. Either judges the row anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection

from checks.kit.model import Result
from collector.directory import Key
from collector.evidence.model import KEPT, OPEN, Measurement, Taken
from collector.evidence.valid import Case, judge, lease_of
from collector.leases.model import Lease
from collector.store import leases, measurements

_decode = msgspec.json.Decoder(Result).decode


def keep(connection: Connection, taken: Iterable[Taken]) -> None:
    """Keeps each of `taken`, with what the server saw of it so far. Nothing that a device sends makes it raise."""
    for one in taken:
        _keep(connection, one)


def _keep(connection: Connection, taken: Taken) -> None:
    name = lease_of(taken.result)
    lease = leases.by_id(connection, name) if name else None
    others = measurements.of_lease(connection, lease) if lease else []
    mine = [one for one in others if one.device == taken.device]
    if any(one.body == taken.raw for one in mine):
        return  # the same again, from a clock that was corrected otherwise
    key = measurements.public_key(connection, taken.device)
    records = leases.records(lease) if lease else []
    case = Case(
        result=taken.result,
        at=taken.at,
        device=taken.device,
        active=taken.counts,
        key=Key(key) if key else None,
        lease=lease,
        records=records,
        first=not mine,
    )
    found = Measurement(
        unit=taken.unit,
        device=taken.device,
        provider=lease.provider if lease else "",
        check=taken.result.check,
        at=taken.at,
        lease=name,
        valid=judge(case),
        body=taken.raw,
        server=json.dumps(records) if _owns(lease, taken.device) and records else "",
    )
    measurements.add(connection, found)


def _owns(lease: Lease | None, device: str) -> bool:
    return lease is not None and lease.device == device


def recorded(connection: Connection, lease: str, _test: str, _record: Mapping[str, Any]) -> None:
    """What :class:`collector.leases.book.Book` calls once a record of the server's stands at its lease, in the same
    transaction: the measurement that names the lease, where it has come, is judged with it."""
    found = leases.by_id(connection, lease)
    if found is None or not found.device:
        return
    mine = [one for one in measurements.of_lease(connection, found) if one.device == found.device]
    if mine and mine[0].valid in OPEN:
        rejudge(connection, mine[0], found)


def rejudge(connection: Connection, held: Measurement, lease: Lease) -> Measurement:
    """The first measurement of `lease`, judged with all that the server has seen by now; kept so."""
    key, records = measurements.public_key(connection, held.device), leases.records(lease)
    case = Case(
        result=_decode(held.body),
        at=held.at,
        device=held.device,
        key=Key(key) if key else None,
        lease=lease,
        records=records,
    )
    changed = structs.replace(held, valid=judge(case), server=json.dumps(records))
    measurements.change(connection, held.id, valid=changed.valid, server=changed.server)
    return changed


def tidy(connection: Connection, now: int) -> int:
    """Forgets what is older than KEPT, and the leases that it names; how many measurements."""
    leases.forget(connection, now - KEPT)
    return measurements.forget(connection, now - KEPT)
