"""money: a ledger that only grows, prices agreed on, instalments, closed days

Revision: 0006, after 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import secure

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OF_THEIR_KIND = (
    "CASE kind WHEN 'payment' THEN amount >= 0 WHEN 'refund' THEN amount < 0"
    " WHEN 'reversal' THEN reverses IS NOT NULL WHEN 'moved' THEN other_visit_id IS NOT NULL ELSE false END"
)


def upgrade() -> None:
    for column in _agreed():
        op.add_column("appointments", column)
    for column in _ledger():
        op.add_column("payments", column)
    _give_each_payment_its_till()
    op.alter_column("payments", "branch_id", nullable=False)
    op.alter_column("payments", "day", nullable=False)
    op.drop_constraint("payments_are_not_negative", "payments")
    op.create_check_constraint("entries_are_of_their_kind", "payments", OF_THEIR_KIND)
    op.create_index(
        "payments_reversed_once",
        "payments",
        ["network_id", "appointment_id", "reverses"],
        unique=True,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
    op.create_index("payments_of_till", "payments", ["network_id", "branch_id", "day"])
    op.create_table(
        "day_closings",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closing_id", sa.UUID(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "branch_id", "day"),
    )
    secure(op, "booking", "day_closings")
    for table in ("payments", "day_closings"):
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM booking_app")


def downgrade() -> None:
    op.drop_table("day_closings")
    op.execute("GRANT UPDATE, DELETE ON payments TO booking_app")
    op.drop_index("payments_of_till", table_name="payments")
    op.drop_index("payments_reversed_once", table_name="payments")
    op.drop_constraint("entries_are_of_their_kind", "payments")
    op.create_check_constraint(
        "payments_are_not_negative", "payments", "amount >= 0", postgresql_not_valid=True
    )
    for column in _ledger():
        op.drop_column("payments", column.name)
    for column in _agreed():
        op.drop_column("appointments", column.name)


def _give_each_payment_its_till() -> None:
    """Until now money was taken where the visit was. Row-level security binds the owner too, who lifts it for this."""
    tables = ("payments", "appointments", "directory")
    for table in tables:
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE payments p SET branch_id = a.branch_id,"
        " day = (p.paid_at AT TIME ZONE (d.body->>'zone'))::date"
        " FROM appointments a JOIN directory d"
        " ON d.network_id = a.network_id AND d.kind = 'branch' AND d.thing_id = a.branch_id"
        " WHERE a.network_id = p.network_id AND a.appointment_id = p.appointment_id"
    )
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _agreed() -> list[sa.Column[Any]]:
    return [
        sa.Column("list_price", sa.BigInteger(), nullable=True),
        sa.Column("price_reason", sa.Text(), nullable=True),
        sa.Column(
            "instalments",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            server_default=sa.text("'[]'"),
        ),
    ]


def _ledger() -> list[sa.Column[Any]]:
    return [
        sa.Column("kind", sa.Text(), nullable=False, server_default="payment"),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("reverses", sa.UUID(), nullable=True),
        sa.Column("other_visit_id", sa.UUID(), nullable=True),
        sa.Column("price_change", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("branch_id", sa.UUID(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
    ]
