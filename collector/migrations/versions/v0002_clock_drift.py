"""What is kept of a device's clock to tell how fast it drifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("device_state", sa.Column("drift", sa.LargeBinary(), nullable=True))
