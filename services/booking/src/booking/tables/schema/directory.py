"""The networks and what they set up: branches, practitioners, rooms and services."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from booking.tables.schema.database import metadata

networks = sa.Table(
    "networks", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("body", JSONB, nullable=False),
    # Counts every change of the directory, so that a process knows by one row whether its copy is the newest.
    sa.Column("revision", sa.BigInteger, nullable=False),
)  # fmt: skip

directory = sa.Table(
    "directory", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("thing_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.CheckConstraint("kind IN ('branch', 'practitioner', 'room', 'service')", name="directory_kind"),
)  # fmt: skip
