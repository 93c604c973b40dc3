"""waitlist

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import claimable, secure

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waitlist",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=False),
        sa.Column("to_time", sa.Time(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("offer_id", sa.UUID(), nullable=True),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        sa.Column("passed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'offered', 'booked', 'left', 'over')", name="known_waitlist_status"
        ),
        sa.CheckConstraint("(status = 'offered') = (offer IS NOT NULL)", name="offered_is_with_an_offer"),
        sa.CheckConstraint("from_date <= to_date", name="waitlist_days_in_order"),
        sa.PrimaryKeyConstraint("network_id", "entry_id"),
    )
    op.create_index("waitlist_offers", "waitlist", ["network_id", "offer_id"], unique=True)
    op.create_index(
        "waitlist_waiting",
        "waitlist",
        ["network_id", "service_id", "joined_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("waitlist_joined", "waitlist", ["network_id", "joined_at"])
    op.create_index("waitlist_due", "waitlist", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    secure(op, "booking", "waitlist")
    claimable(op, "booking", "waitlist", "entry_id")


def downgrade() -> None:
    op.drop_table("waitlist")
