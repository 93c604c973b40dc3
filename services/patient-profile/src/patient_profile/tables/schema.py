"""The tables. Whatever says who somebody is stands in sealed columns."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN

from common.database import INSTANT, standard_tables
from common.sealed import keys_table

metadata = sa.MetaData()
standard_tables(metadata)
keys = keys_table(metadata)

patients = sa.Table(
    "patients", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("provisional", sa.Boolean, nullable=False),
    sa.Column("card", sa.LargeBinary, nullable=False),
    sa.Column("chart", sa.LargeBinary),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("changed_at", INSTANT, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.CheckConstraint("provisional = (due_at IS NOT NULL)", name="patients_provisional_are_due"),
    sa.Index("patients_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip
"""`card` and `chart` (alerts, tags) are sealed; `due_at` is when a provisional patient is swept."""


def _of_patient() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["network_id", "patient_id"], ["patients.network_id", "patients.patient_id"], ondelete="CASCADE"
    )


patient_phones = sa.Table(
    "patient_phones", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("phone_index", sa.LargeBinary, primary_key=True),
    sa.Column("name_index", sa.LargeBinary, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, nullable=False),
    _of_patient(),
    sa.Index("patient_phones_patient", "network_id", "patient_id"),
)  # fmt: skip
"""Who is who: one patient per phone and name in a network. A family shares a phone under its several names."""

patient_words = sa.Table(
    "patient_words", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("word_index", sa.LargeBinary, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, primary_key=True),
    _of_patient(),
    sa.Index("patient_words_patient", "network_id", "patient_id"),
)  # fmt: skip

patient_versions = sa.Table(
    "patient_versions", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("card", sa.LargeBinary, nullable=False),
    sa.Column("chart", sa.LargeBinary),
    sa.Column("changed_at", INSTANT, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    _of_patient(),
)  # fmt: skip
"""What a card was before: its earlier versions, with when and by whom each was written."""

notes = sa.Table(
    "notes", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("note_id", UUID_COLUMN, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, nullable=False),
    sa.Column("written_at", INSTANT, nullable=False),
    sa.Column("written_by", sa.Text, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
    _of_patient(),
    sa.Index("notes_patient", "network_id", "patient_id", "written_at"),
)  # fmt: skip

tasks = sa.Table(
    "tasks", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("task_id", UUID_COLUMN, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("branch_id", UUID_COLUMN),
    sa.Column("patient_id", UUID_COLUMN),
    sa.Column("appointment_id", UUID_COLUMN),
    sa.Column("due_at", INSTANT, nullable=False),
    sa.Column("assignee", sa.Text),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("outcome", sa.LargeBinary),
    sa.Column("finished_at", INSTANT),
    sa.Column("finished_by", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("status IN ('open', 'taken', 'done')", name="tasks_status"),
    sa.Index("tasks_queue", "network_id", "due_at", "task_id", postgresql_where=sa.text("status <> 'done'")),
    sa.Index("tasks_patient", "network_id", "patient_id"),
)  # fmt: skip
"""`reason` is a code or a fixed phrase; `outcome` is what staff wrote, and sealed."""
