"""absences

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from common.migrate import secure

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("absence_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name="absences_end_after_they_start"),
        sa.CheckConstraint("num_nonnulls(practitioner_id, branch_id) = 1", name="absences_are_of_one"),
        sa.PrimaryKeyConstraint("network_id", "absence_id"),
    )
    secure(op, "booking", "absences")


def downgrade() -> None:
    op.drop_table("absences")
