"""Copy a stopped collector's database into an empty one: copy_database.py FROM_URL TO_URL (SQLAlchemy URLs).

SQLite to PostgreSQL when a city outgrows one file, or back. The source is only read.
"""

from __future__ import annotations

import sys

import sqlalchemy as sa

from collector.store import migrate
from collector.store.engine import Store, StoreError
from collector.store.schema import HEAD, metadata, roster_mark

ROWS = 1000


class Refused(Exception):
    """The copy cannot be made; nothing was changed. ``str()`` is the one line to show."""


def copy(source_url: str, target_url: str) -> dict[str, int]:
    """Rows copied, by table. Everything arrives in one transaction, or nothing does. Raises Refused or StoreError."""
    source = sa.create_engine(source_url)
    target = Store(target_url)
    try:
        with source.connect() as reader:
            found = migrate.present(reader)
            if found != HEAD:
                raise Refused(
                    f"the source is at schema {found}, expected {HEAD}: start this release on it once, then stop it"
                )
            target.open()
            with target.begin() as writer:
                return _copy_tables(reader, writer)
    except sa.exc.DBAPIError as why:
        raise Refused(" ".join(str(why.orig).split())) from None
    finally:
        source.dispose()
        target.close()


def _copy_tables(reader: sa.Connection, writer: sa.Connection) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table in metadata.sorted_tables:
        if table is roster_mark:
            writer.execute(sa.delete(table))  # its one row comes with the schema
        elif writer.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise Refused(f"the target is not empty: there are rows in {table.name}")
        counts[table.name] = 0
        for part in reader.execute(sa.select(table)).mappings().partitions(ROWS):
            writer.execute(sa.insert(table), [dict(row) for row in part])
            counts[table.name] += len(part)
        _continue_numbers(writer, table)
    return counts


def _continue_numbers(writer: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL counts in a sequence beside the table, which copied rows do not advance."""
    column = table.autoincrement_column
    if column is None or writer.dialect.name != "postgresql" or not isinstance(column.type, sa.Integer):
        return
    highest = writer.scalar(sa.select(sa.func.max(column)))
    if highest is not None:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        writer.execute(sa.select(sa.func.setval(sequence, highest)))


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        for table, rows in copy(sys.argv[1], sys.argv[2]).items():
            print(f"{rows:9d}  {table}")
    except (Refused, StoreError) as why:
        print(f"copy_database: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
