"""policies of networks and branches; chains that are made anew; families on one phone

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import claimable, secure

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "scope", "version", name=op.f("policies_pkey")),
    )
    secure(op, "notifications", "policies")
    op.add_column("appointments", sa.Column("phone_index", sa.LargeBinary(), nullable=True))
    op.add_column("appointments", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("appointments", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "appointments_phone",
        "appointments",
        ["network_id", "phone_index"],
        unique=False,
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_index(
        "appointments_due",
        "appointments",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    claimable(op, "notifications", "appointments", "appointment_id")
    op.add_column("messages", sa.Column("mode", sa.Text(), server_default="fallback", nullable=False))
    op.create_check_constraint(op.f("messages_mode"), "messages", "mode IN ('fallback', 'all')")


def downgrade() -> None:
    op.drop_constraint(op.f("messages_mode"), "messages")
    op.drop_column("messages", "mode")
    op.execute("DROP POLICY appointments_worker ON appointments")
    op.execute("REVOKE ALL ON appointments FROM notifications_worker")
    op.drop_index("appointments_due", table_name="appointments")
    op.drop_index("appointments_phone", table_name="appointments")
    op.drop_column("appointments", "leased_until")
    op.drop_column("appointments", "due_at")
    op.drop_column("appointments", "phone_index")
    op.drop_table("policies")
