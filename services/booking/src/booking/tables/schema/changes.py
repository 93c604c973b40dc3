"""What changed an appointment without being told by its row: moves, and corrections of mistakes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from booking.tables.schema.database import metadata
from common.database import INSTANT

corrections = sa.Table(
    "corrections", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("corrected_from", sa.Text, nullable=False),
    sa.Column("corrected_to", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("corrected_by", sa.Text, nullable=False),
    sa.Column("corrected_at", INSTANT, nullable=False),
)  # fmt: skip

moves = sa.Table(
    "moves", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("moved_from", INSTANT, nullable=False),
    sa.Column("moved_to", INSTANT, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("moved_by", sa.Text, nullable=False),
    sa.Column("moved_at", INSTANT, nullable=False),
    sa.Index("moves_branch", "network_id", "branch_id", "moved_from"),
)  # fmt: skip
