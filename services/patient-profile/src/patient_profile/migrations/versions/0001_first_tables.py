"""First tables: people, tasks, and what every service has."""

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
        "inbox",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "reader"),
    )
    op.create_index("inbox_applied", "inbox", ["applied_at"], unique=False)
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
        "patient_keys",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "patient_id"),
    )
    op.create_table(
        "patients",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("chart", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("provisional = (due_at IS NOT NULL)", name="patients_provisional_are_due"),
        sa.PrimaryKeyConstraint("network_id", "patient_id"),
    )
    op.create_index(
        "patients_due", "patients", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "tasks",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'taken', 'done')", name="tasks_status"),
        sa.PrimaryKeyConstraint("network_id", "task_id"),
    )
    op.create_index("tasks_patient", "tasks", ["network_id", "patient_id"], unique=False)
    op.create_index(
        "tasks_queue",
        "tasks",
        ["network_id", "due_at", "task_id"],
        unique=False,
        postgresql_where=sa.text("status <> 'done'"),
    )
    op.create_table(
        "notes",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("note_id", sa.UUID(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id", "patient_id"], ["patients.network_id", "patients.patient_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "note_id"),
    )
    op.create_index("notes_patient", "notes", ["network_id", "patient_id", "written_at"], unique=False)
    op.create_table(
        "patient_phones",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id", "patient_id"], ["patients.network_id", "patients.patient_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "phone_index", "name_index"),
    )
    op.create_index("patient_phones_patient", "patient_phones", ["network_id", "patient_id"], unique=False)
    op.create_table(
        "patient_versions",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("chart", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id", "patient_id"], ["patients.network_id", "patients.patient_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "patient_id", "version"),
    )
    op.create_table(
        "patient_words",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("word_index", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id", "patient_id"], ["patients.network_id", "patients.patient_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "word_index", "patient_id"),
    )
    op.create_index("patient_words_patient", "patient_words", ["network_id", "patient_id"], unique=False)
    secure(
        op,
        "patient_profile",
        "patients",
        "patient_keys",
        "patient_phones",
        "patient_words",
        "patient_versions",
        "notes",
        "tasks",
    )
    op.execute("REVOKE UPDATE ON patient_versions, notes FROM patient_profile_app")
    unscoped(op, "patient_profile")
    claimable(op, "patient_profile", "patients", "patient_id")


def downgrade() -> None:
    op.drop_index("patient_words_patient", table_name="patient_words")
    op.drop_table("patient_words")
    op.drop_table("patient_versions")
    op.drop_index("patient_phones_patient", table_name="patient_phones")
    op.drop_table("patient_phones")
    op.drop_index("notes_patient", table_name="notes")
    op.drop_table("notes")
    op.drop_index("tasks_queue", table_name="tasks", postgresql_where=sa.text("status <> 'done'"))
    op.drop_index("tasks_patient", table_name="tasks")
    op.drop_table("tasks")
    op.drop_index("patients_due", table_name="patients", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("patients")
    op.drop_table("patient_keys")
    op.drop_index("outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("outbox_published", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("inbox_applied", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("dead_letters")
    op.drop_index("commands_recorded", table_name="commands")
    op.drop_table("commands")
