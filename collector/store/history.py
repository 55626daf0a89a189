"""Transitions: what changed, when and why."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from collector.readiness.model import Transition
from collector.store.schema import transitions

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def append(connection: Connection, changes: Iterable[Transition]) -> None:
    rows = [
        {
            "unit": change.unit,
            "subject": change.subject,
            "at": change.at,
            "old": change.old,
            "new": change.new,
            "reason": change.reason,
            "profile": change.profile,
            "evidence": _encode(change.evidence).decode(),
        }
        for change in changes
    ]
    if rows:
        connection.execute(sa.insert(transitions), rows)


def of_unit(connection: Connection, unit: str, since: int) -> list[Transition]:
    """The unit's transitions from `since` on, preceded by the newest older one of each subject, in order."""
    older = (
        sa.select(sa.func.max(transitions.c.id))
        .where(transitions.c.unit == unit, transitions.c.at < since)
        .group_by(transitions.c.subject)
    )
    query = (
        sa.select(transitions)
        .where(transitions.c.unit == unit, sa.or_(transitions.c.at >= since, transitions.c.id.in_(older)))
        .order_by(transitions.c.at, transitions.c.id)
    )
    return [_transition(row) for row in connection.execute(query)]


def verdicts(connection: Connection, since: int) -> list[Transition]:
    """Changes of all units' verdicts from `since` on, in order."""
    query = (
        sa.select(transitions)
        .where(transitions.c.subject == "verdict", transitions.c.at >= since)
        .order_by(transitions.c.at, transitions.c.id)
    )
    return [_transition(row) for row in connection.execute(query)]


def newest(connection: Connection) -> list[Transition]:
    """The newest transition of every unit and subject: how things stood when judging last stopped."""
    latest = sa.select(sa.func.max(transitions.c.id)).group_by(transitions.c.unit, transitions.c.subject)
    query = sa.select(transitions).where(transitions.c.id.in_(latest)).order_by(transitions.c.id)
    return [_transition(row) for row in connection.execute(query)]


def _transition(row: sa.Row[tuple[object, ...]]) -> Transition:
    values = {name: row._mapping[name] for name in Transition.__struct_fields__ if name != "evidence"}
    return Transition(**values, evidence=_decode(row._mapping["evidence"]))
