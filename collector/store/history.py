"""Transitions: what changed, when and why. As they are read each tells of one subject; how rows of many are written,
and what is not in them, is :mod:`collector.readiness.rollup`'s."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from collector.readiness import replay
from collector.readiness.model import Transition, UnitVerdict
from collector.readiness.rollup import ROLLED, unrolled
from collector.store import profiles
from collector.store.schema import transitions

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_PLAIN = [column for column in transitions.c if column.name != "evidence"]
_STATES = [
    *_PLAIN,
    sa.case((transitions.c.subject.in_(ROLLED), transitions.c.evidence), else_="").label("evidence"),
]
"""Without what was seen, but for rows that tell of many subjects in it."""


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
    """The unit's transitions from `since` on, preceded by at least the newest older one of each subject, in order."""
    older = transitions.c.id.in_(_newest_before(unit, since))
    query = (
        sa.select(transitions)
        .where(transitions.c.unit == unit, sa.or_(transitions.c.at >= since, older))
        .order_by(transitions.c.at, transitions.c.id)
    )
    return sorted(_transitions(connection.execute(query)), key=_at)


def at_instant(connection: Connection, unit: str, at: int) -> list[Transition]:
    """The unit's newest transition of each subject at or before `at` (µs): how things stood then. An older one of the
    same subject may precede it."""
    query = sa.select(transitions).where(transitions.c.id.in_(_newest_before(unit, at + 1)))
    return _transitions(connection.execute(query.order_by(transitions.c.at, transitions.c.id)))


def verdict_at(connection: Connection, unit: str, at: int) -> UnitVerdict | None:
    """The unit's verdict at `at` (µs), as :func:`collector.readiness.replay.verdict_at` tells it."""
    return replay.verdict_at(at_instant(connection, unit, at), lambda name: profiles.load(connection, name), at)


class Period(Struct, frozen=True, kw_only=True):
    """A unit's transitions from ``start`` (µs) on, whole, preceded by at least the newest older one of each subject."""

    start: int
    changes: list[Transition]


MOST = 20_000
"""Rows of a unit that are read at once: a year of twenty requirements that change four times a working day."""


def of_period(connection: Connection, unit: str, start: int, end: int, *, most: int = MOST) -> Period:
    """The unit's transitions in [start, end), without what was seen. Where there are more than `most` rows the oldest
    are left out, and the period starts later."""
    inside = (transitions.c.unit == unit, transitions.c.at >= start, transitions.c.at < end)
    newest_first = sa.select(*_STATES).where(*inside).order_by(transitions.c.at.desc(), transitions.c.id.desc())
    rows = list(connection.execute(newest_first.limit(most + 1)))
    if len(rows) > most:
        start = rows[-1].at + 1  # of the instant of the one too many there may be others
        rows = [row for row in rows if row.at >= start]
    older = sa.select(*_STATES).where(transitions.c.id.in_(_newest_before(unit, start)))
    before = list(connection.execute(older.order_by(transitions.c.at, transitions.c.id)))
    return Period(start=start, changes=sorted(_transitions([*before, *rows[::-1]]), key=_at))


def _newest_before(unit: str, at: int) -> sa.Select[tuple[int]]:
    """Ids of the unit's newest transition of each subject before `at`, by the unit's index."""
    return (
        sa.select(sa.func.max(transitions.c.id))
        .where(transitions.c.unit == unit, transitions.c.at < at)
        .group_by(transitions.c.subject)
    )


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
    return _transitions(connection.execute(query))


def _transitions(rows: Iterable[sa.Row[Any]]) -> list[Transition]:
    return unrolled(_transition(row) for row in rows)


def _at(change: Transition) -> int:
    return change.at


def _transition(row: sa.Row[Any]) -> Transition:
    values = {column.name: row._mapping[column.name] for column in _PLAIN if column.name != "id"}
    evidence = row._mapping.get("evidence")
    return Transition(**values, evidence=_decode(evidence) if evidence else {})
