"""What waits to be sent by remote write, and whose turn it is to send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
_serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbound",
        sa.Column("id", _serial, autoincrement=True, nullable=False),
        sa.Column("endpoint", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbound_endpoint_id", "outbound", ["endpoint", "id", "samples", "size", "oldest"])
    op.create_index("outbound_endpoint_at", "outbound", ["endpoint", "at"])
    op.create_table(
        "outbound_turns",
        sa.Column("endpoint", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint"),
    )
