"""attempts beside others

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from common.migrate import claimable, secure

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_texts",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id", "attempt_id"],
            ["attempts.network_id", "attempts.attempt_id"],
            name="text_of_attempt",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("network_id", "attempt_id", name=op.f("attempt_texts_pkey")),
    )
    op.create_table(
        "look_ups",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_id", "attempt_id"],
            ["attempts.network_id", "attempts.attempt_id"],
            name="look_up_of_attempt",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("network_id", "attempt_id", name=op.f("look_ups_pkey")),
    )
    op.create_index("look_ups_due", "look_ups", ["due_at"])
    secure(op, "notifications", "attempt_texts", "look_ups")
    claimable(op, "notifications", "look_ups", "attempt_id")


def downgrade() -> None:
    op.drop_table("look_ups")
    op.drop_table("attempt_texts")
