"""The profiles that verdicts were made by, once each under ``id@version``: what the past is told with."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from collector.readiness.profile import Profile
from collector.readiness.profile_file import restored, stored
from collector.store.engine import StoreError
from collector.store.schema import profiles
from collector.store.upsert import insert


class Changed(StoreError):
    """A profile whose name is taken by another content; the text is one line for people."""


def keep(connection: Connection, profile: Profile, now: int) -> bool:
    """Stores `profile` under its name, unless it stands there already; whether it was new. Raises Changed where the
    name stands for something else: verdicts were made by that, and must go on meaning it."""
    held = load(connection, profile.name)
    if held is None:
        row = insert(connection, profiles).values(name=profile.name, first_used_at=now, body=stored(profile))
        connection.execute(row.on_conflict_do_nothing())  # another replica may be first
    if (held or load(connection, profile.name)) != restored(stored(profile)):
        raise Changed(f"{profile.name} was changed without raising its version")
    return held is None


def load(connection: Connection, name: str) -> Profile | None:
    """The profile of this name (``default@3``); None where none of it was ever in force."""
    body = connection.scalar(sa.select(profiles.c.body).where(profiles.c.name == name))
    return None if body is None else restored(body)


def names(connection: Connection) -> list[tuple[str, int]]:
    """(name, first used at µs) of every profile that was ever in force, oldest first."""
    query = sa.select(profiles.c.name, profiles.c.first_used_at).order_by(profiles.c.first_used_at, profiles.c.name)
    return [(row.name, row.first_used_at) for row in connection.execute(query)]
