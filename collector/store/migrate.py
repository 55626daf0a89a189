"""Brings a database to the schema this code speaks. A migration that was killed starts again from where it was."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from collector.store.schema import HEAD


class NewerSchema(Exception):
    """The database was written by a newer release."""


def present(connection: Connection) -> str | None:
    """The revision the database is at, or None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(connection: Connection) -> None:
    """Runs what is missing inside the caller's transaction. Raises NewerSchema."""
    found = present(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise NewerSchema(
            f"the database is at schema {found}, this release knows {HEAD}: start the newer release or restore a backup"
        )
    # Alembic costs 47 MB and 0.2 s to import, and is needed once per release.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "collector:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
