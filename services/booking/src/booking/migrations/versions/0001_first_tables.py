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
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("buffer_before", sa.Integer(), nullable=False),
        sa.Column("buffer_after", sa.Integer(), nullable=False),
        sa.Column("visit", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("busy", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("overlap_lane", sa.Integer(), server_default="0", nullable=False),
        sa.Column("overbook_reason", sa.Text(), nullable=True),
        sa.Column("series_id", sa.UUID(), nullable=True),
        sa.Column("campaign_id", sa.UUID(), nullable=True),
        sa.Column("booked_by", sa.UUID(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("utm", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("path", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("late_cancel", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("network_id"), "="),
            (sa.column("patient_id"), "="),
            (sa.column("overlap_lane"), "="),
            (sa.column("visit"), "&&"),
            where=sa.text("status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled')"),
            using="gist",
            name="patient_once",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("network_id"), "="),
            (sa.column("practitioner_id"), "="),
            (sa.column("overlap_lane"), "="),
            (sa.column("busy"), "&&"),
            where=sa.text("status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled')"),
            using="gist",
            name="practitioner_once",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("network_id"), "="),
            (sa.column("room_id"), "="),
            (sa.column("overlap_lane"), "="),
            (sa.column("busy"), "&&"),
            where=sa.text(
                "status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled') AND room_id IS NOT NULL"
            ),
            using="gist",
            name="room_once",
        ),
        sa.CheckConstraint("(status = 'held') = (held_until IS NOT NULL)", name="a_hold_ends"),
        sa.CheckConstraint(
            "status IN ('held', 'booked', 'confirmed', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'displaced')",
            name="known_status",
        ),
        sa.CheckConstraint("NOT isempty(visit) AND busy @> visit", name="busy_holds_the_visit"),
        sa.CheckConstraint("overlap_lane = 0 OR overbook_reason IS NOT NULL", name="overbooking_says_why"),
        sa.CheckConstraint("visit = tstzrange(starts_at, ends_at)", name="visit_is_its_times"),
        sa.PrimaryKeyConstraint("network_id", "appointment_id"),
    )
    op.create_index(
        "appointments_branch", "appointments", ["network_id", "branch_id", "starts_at"], unique=False
    )
    op.create_index(
        "appointments_due",
        "appointments",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "appointments_patient", "appointments", ["network_id", "patient_id", "starts_at"], unique=False
    )
    op.create_index(
        "appointments_practitioner",
        "appointments",
        ["network_id", "practitioner_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "commands",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("command_id", sa.UUID(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "command_id"),
    )
    op.create_index("commands_recorded", "commands", ["recorded_at"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("corrected_from", sa.Text(), nullable=False),
        sa.Column("corrected_to", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "appointment_id", "version"),
    )
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
        sa.PrimaryKeyConstraint("event_id", "durable"),
    )
    op.create_table(
        "directory",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind IN ('branch', 'practitioner', 'room', 'service')", name="directory_kind"),
        sa.PrimaryKeyConstraint("network_id", "kind", "thing_id"),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "reader"),
    )
    op.create_index("inbox_applied", "inbox", ["applied_at"], unique=False)
    op.create_table(
        "networks",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("network_id"),
    )
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
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id"),
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
        "payments",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount >= 0", name="payments_are_not_negative"),
        sa.ForeignKeyConstraint(
            ["network_id", "appointment_id"],
            ["appointments.network_id", "appointments.appointment_id"],
            name="payment_of_appointment",
        ),
        sa.PrimaryKeyConstraint("network_id", "appointment_id", "payment_id"),
    )
    secure(op, "booking", "networks", "directory", "appointments", "payments", "corrections")
    unscoped(op, "booking")
    claimable(op, "booking", "appointments", "appointment_id")


def downgrade() -> None:
    op.drop_table("payments")
    op.drop_index("outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("outbox_published", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("networks")
    op.drop_index("inbox_applied", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("directory")
    op.drop_table("dead_letters")
    op.drop_table("corrections")
    op.drop_index("commands_recorded", table_name="commands")
    op.drop_table("commands")
    op.drop_index("appointments_practitioner", table_name="appointments")
    op.drop_index("appointments_patient", table_name="appointments")
    op.drop_index(
        "appointments_due", table_name="appointments", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.drop_index("appointments_branch", table_name="appointments")
    op.drop_table("appointments")
