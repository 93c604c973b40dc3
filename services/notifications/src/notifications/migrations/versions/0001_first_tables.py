"""first tables

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import claimable, secure, unscoped

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "appointments",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tasks", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("network_id", "appointment_id", name=op.f("appointments_pkey")),
    )
    op.create_index("appointments_patient", "appointments", ["network_id", "patient_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), server_default="none", nullable=False),
        sa.Column("in_flight", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="1", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "delivery IN ('none', 'sent', 'delivered', 'read', 'failed')", name=op.f("attempts_delivery")
        ),
        sa.CheckConstraint(
            "outcome IN ('open', 'accepted', 'failed', 'suppressed', 'unknown')",
            name=op.f("attempts_outcome"),
        ),
        sa.PrimaryKeyConstraint("network_id", "attempt_id", name=op.f("attempts_pkey")),
        sa.UniqueConstraint("network_id", "message_id", "channel", name="attempts_once_per_channel"),
    )
    op.create_index("attempts_address", "attempts", ["network_id", "address_index"], unique=False)
    op.create_index("attempts_patient", "attempts", ["network_id", "patient_id"], unique=False)
    op.create_index("attempts_provider", "attempts", ["network_id", "provider_id"], unique=False)
    op.create_table(
        "brakes",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "channel", "template", name=op.f("brakes_pkey")),
    )
    op.create_table(
        "commands",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("command_id", sa.UUID(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "command_id", name=op.f("commands_pkey")),
    )
    op.create_index("commands_recorded", "commands", ["recorded_at"], unique=False)
    op.create_table(
        "dead_letters",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("durable", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replay_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "durable", name=op.f("dead_letters_pkey")),
    )
    op.create_table(
        "directory",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "kind", "thing_id", name=op.f("directory_pkey")),
    )
    op.create_table(
        "inbound",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("inbound_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("understood_as", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("network_id", "inbound_id", name=op.f("inbound_pkey")),
    )
    op.create_index("inbound_address", "inbound", ["network_id", "address_index"], unique=False)
    op.create_index("inbound_patient", "inbound", ["network_id", "patient_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "reader", name=op.f("inbox_pkey")),
    )
    op.create_index("inbox_applied", "inbox", ["applied_at"], unique=False)
    op.create_table(
        "messages",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("origin_id", sa.UUID(), nullable=False),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("service_id", sa.UUID(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("message_class", sa.Text(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("orientation", sa.Boolean(), nullable=False),
        sa.Column("only_channel", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("budget_seconds", sa.Integer(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('planned', 'sending', 'accepted', 'delivered', 'read', 'failed', 'suppressed', 'unknown', 'cancelled')",
            name=op.f("messages_outcome"),
        ),
        sa.PrimaryKeyConstraint("network_id", "message_id", name=op.f("messages_pkey")),
    )
    op.create_index(
        "messages_due", "messages", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index("messages_origin", "messages", ["network_id", "origin_id"], unique=False)
    op.create_index("messages_patient", "messages", ["network_id", "patient_id"], unique=False)
    op.create_index("messages_target", "messages", ["network_id", "target_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stream_created", sa.Text(), nullable=True),
        sa.Column("stream_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("outbox_pkey")),
        sa.UniqueConstraint("event_id", name=op.f("outbox_event_id_key")),
    )
    op.create_index("outbox_published", "outbox", ["published_at"], unique=False)
    op.create_index(
        "outbox_unpublished",
        "outbox",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "patient_keys",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "patient_id", name=op.f("patient_keys_pkey")),
    )
    op.create_table(
        "webhooks",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("network_id", "webhook_id", name=op.f("webhooks_pkey")),
    )
    op.create_index(
        "webhooks_due", "webhooks", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )

    secure(
        op, "notifications", "patient_keys", "directory", "appointments", "messages", "attempts", "webhooks", "inbound",
        "brakes",
    )  # fmt: skip
    unscoped(op, "notifications")
    claimable(op, "notifications", "messages", "message_id")
    op.execute("GRANT SELECT (lane) ON messages TO notifications_worker")
    claimable(op, "notifications", "webhooks", "webhook_id")


def downgrade() -> None:

    op.drop_index("webhooks_due", table_name="webhooks", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("webhooks")
    op.drop_table("patient_keys")
    op.drop_index("outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("outbox_published", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("messages_target", table_name="messages")
    op.drop_index("messages_patient", table_name="messages")
    op.drop_index("messages_origin", table_name="messages")
    op.drop_index("messages_due", table_name="messages", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("messages")
    op.drop_index("inbox_applied", table_name="inbox")
    op.drop_table("inbox")
    op.drop_index("inbound_patient", table_name="inbound")
    op.drop_index("inbound_address", table_name="inbound")
    op.drop_table("inbound")
    op.drop_table("directory")
    op.drop_table("dead_letters")
    op.drop_index("commands_recorded", table_name="commands")
    op.drop_table("commands")
    op.drop_table("brakes")
    op.drop_index("attempts_provider", table_name="attempts")
    op.drop_index("attempts_patient", table_name="attempts")
    op.drop_index("attempts_address", table_name="attempts")
    op.drop_table("attempts")
    op.drop_index("appointments_patient", table_name="appointments")
    op.drop_table("appointments")
