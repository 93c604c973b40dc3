"""telephone calls

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import secure

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("candidates", postgresql.ARRAY(sa.UUID()), server_default="{}", nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), server_default="over", nullable=False),
        sa.Column("silences", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("wrong_keys", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("offered", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.CheckConstraint("direction IN ('inbound', 'outbound')", name=op.f("calls_direction")),
        sa.CheckConstraint("state IN ('ringing', 'answered', 'ended', 'missed')", name=op.f("calls_state")),
        sa.CheckConstraint("stage IN ('asked', 'offered', 'over')", name=op.f("calls_stage")),
        sa.PrimaryKeyConstraint("network_id", "call_id", name=op.f("calls_pkey")),
    )
    op.create_index("calls_patient", "calls", ["network_id", "patient_id"], unique=False)
    op.create_index("calls_candidates", "calls", ["candidates"], unique=False, postgresql_using="gin")
    op.create_index(
        "calls_incoming",
        "calls",
        ["network_id", "at"],
        unique=False,
        postgresql_where=sa.text("direction = 'inbound'"),
    )
    op.create_table(
        "call_turns",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.UUID(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digits", sa.Text(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "call_id", "step", name=op.f("call_turns_pkey")),
    )
    secure(op, "notifications", "calls", "call_turns")


def downgrade() -> None:
    op.drop_table("call_turns")
    op.drop_index("calls_incoming", table_name="calls", postgresql_where=sa.text("direction = 'inbound'"))
    op.drop_index("calls_candidates", table_name="calls", postgresql_using="gin")
    op.drop_index("calls_patient", table_name="calls")
    op.drop_table("calls")
