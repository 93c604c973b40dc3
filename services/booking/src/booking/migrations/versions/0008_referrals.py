"""referrals

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from common.migrate import claimable, secure

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("from_practitioner_id", sa.UUID(), nullable=False),
        sa.Column("visit_id", sa.UUID(), nullable=True),
        sa.Column("service_id", sa.UUID(), nullable=True),
        sa.Column("service_kind", sa.Text(), nullable=True),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        sa.Column("declined", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'booked', 'done', 'declined', 'expired')", name="known_referral_status"
        ),
        sa.CheckConstraint("num_nonnulls(service_id, service_kind) = 1", name="a_referral_is_to_one_thing"),
        sa.CheckConstraint(
            "status NOT IN ('booked', 'done') OR appointment_id IS NOT NULL", name="booked_has_a_visit"
        ),
        sa.CheckConstraint("(status = 'declined') = (declined IS NOT NULL)", name="declining_says_why"),
        sa.PrimaryKeyConstraint("network_id", "referral_id"),
    )
    op.create_index("referrals_patient", "referrals", ["network_id", "patient_id", "created_at"])
    op.create_index("referrals_appointment", "referrals", ["network_id", "appointment_id"], unique=True)
    op.create_index("referrals_created", "referrals", ["network_id", "created_at"])
    op.create_index("referrals_due", "referrals", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    secure(op, "booking", "referrals")
    claimable(op, "booking", "referrals", "referral_id")


def downgrade() -> None:
    op.drop_table("referrals")
