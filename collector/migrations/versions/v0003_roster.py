"""What units should have: people, equipment, sites and stations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    mark = op.create_table(
        "roster_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(mark, [{"id": 1, "revision": 0}])
    op.create_table(
        "roster_units",
        sa.Column("unit", sa.String(length=5), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit"),
    )
    op.create_table(
        "roster_sites",
        sa.Column("unit", sa.String(length=5), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "id"),
    )
    op.create_table(
        "roster_stations",
        sa.Column("unit", sa.String(length=5), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "id"),
        sa.UniqueConstraint("device"),
    )
