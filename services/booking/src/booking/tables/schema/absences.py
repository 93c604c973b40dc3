"""Who is away, or closed, and when."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from booking.tables.schema.database import metadata
from common.database import INSTANT

absences = sa.Table(
    "absences", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("absence_id", UUID, primary_key=True),
    sa.Column("practitioner_id", UUID),
    sa.Column("branch_id", UUID),
    sa.Column("starts_at", INSTANT, nullable=False),
    sa.Column("ends_at", INSTANT, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("saved_by", sa.Text, nullable=False),
    sa.Column("saved_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT),
    sa.CheckConstraint("starts_at < ends_at", name="absences_end_after_they_start"),
    sa.CheckConstraint("num_nonnulls(practitioner_id, branch_id) = 1", name="absences_are_of_one"),
)  # fmt: skip
