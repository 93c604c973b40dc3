"""Numbers of those who come without an appointment."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from booking.tables.schema.database import metadata
from common.database import INSTANT

tickets = sa.Table(
    "tickets", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("service_id", UUID),
    sa.Column("patient_id", UUID),
    sa.Column("practitioner_id", UUID),
    sa.Column("issued_at", INSTANT, nullable=False),
    sa.Column("called_at", INSTANT),
    sa.Column("ended_at", INSTANT),
    sa.CheckConstraint("status IN ('waiting', 'called', 'served', 'left')", name="known_ticket_status"),
    sa.UniqueConstraint("network_id", "branch_id", "day", "number", name="numbers_once"),
)  # fmt: skip

ticket_numbers = sa.Table(
    "ticket_numbers", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("branch_id", UUID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)  # fmt: skip
