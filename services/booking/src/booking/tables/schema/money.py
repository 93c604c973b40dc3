"""What was paid for visits, and the days whose tills are closed."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from booking.tables.schema.database import metadata
from common.database import INSTANT

# The ledger: it only grows. The service's role may neither change nor delete what stands in it.
payments = sa.Table(
    "payments", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("payment_id", UUID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, server_default="payment"),
    # What came is above zero, what went below.
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("reverses", UUID),
    sa.Column("other_visit_id", UUID),
    sa.Column("price_change", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("paid_at", INSTANT, nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    # Whose till it met, and on which of its days.
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.ForeignKeyConstraint(
        ["network_id", "appointment_id"], ["appointments.network_id", "appointments.appointment_id"],
        name="payment_of_appointment",
    ),
    sa.CheckConstraint(
        "CASE kind WHEN 'payment' THEN amount >= 0 WHEN 'refund' THEN amount < 0"
        " WHEN 'reversal' THEN reverses IS NOT NULL WHEN 'moved' THEN other_visit_id IS NOT NULL ELSE false END",
        name="entries_are_of_their_kind",
    ),
    sa.Index(
        "payments_reversed_once", "network_id", "appointment_id", "reverses", unique=True,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    ),
    sa.Index("payments_of_till", "network_id", "branch_id", "day"),
)  # fmt: skip

day_closings = sa.Table(
    "day_closings", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("branch_id", UUID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("closing_id", UUID, nullable=False),
    sa.Column("body", JSONB, nullable=False),
)  # fmt: skip
