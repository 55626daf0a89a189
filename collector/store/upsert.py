"""INSERT … ON CONFLICT in the words of both databases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection


def upsert(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Stores `rows`, all of the same columns; one whose primary key stands in the table replaces what it names."""
    if not rows:
        return
    statement = insert(connection, table)
    key = [column.name for column in table.primary_key]
    given = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=given), rows)


def insert(connection: Connection, table: sa.Table) -> Any:
    """An INSERT of the connection's own kind, which knows ``on_conflict_…``."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
