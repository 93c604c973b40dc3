"""conversations

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import claimable, secure

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "threads",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("patient_ids", postgresql.ARRAY(sa.UUID()), server_default="{}", nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("dialogue", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn_of", sa.UUID(), nullable=True),
        sa.Column("turn_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("task_id", sa.UUID(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("network_id", "thread_id", name=op.f("threads_pkey")),
    )
    op.create_index("threads_address", "threads", ["network_id", "channel", "address_index"], unique=True)
    op.create_index(
        "threads_due", "threads", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        "threads_paused",
        "threads",
        ["network_id", "paused_at"],
        unique=False,
        postgresql_where=sa.text("paused_at IS NOT NULL"),
    )
    op.create_table(
        "utterances",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("utterance_id", sa.UUID(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="planned", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('planned', 'sending', 'accepted', 'delivered', 'read', 'failed', 'unknown')",
            name=op.f("utterances_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["network_id", "thread_id"],
            ["threads.network_id", "threads.thread_id"],
            name="utterances_of_thread",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("network_id", "utterance_id", name=op.f("utterances_pkey")),
    )
    op.create_index(
        "utterances_due",
        "utterances",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("utterances_provider", "utterances", ["network_id", "provider_id"], unique=False)
    op.create_index("utterances_thread", "utterances", ["network_id", "thread_id", "seq"], unique=False)
    secure(op, "notifications", "threads", "utterances")
    claimable(op, "notifications", "threads", "thread_id")
    claimable(op, "notifications", "utterances", "utterance_id")
    op.execute("GRANT SELECT (seq) ON utterances TO notifications_worker")


def downgrade() -> None:
    op.drop_table("utterances")
    op.drop_table("threads")
