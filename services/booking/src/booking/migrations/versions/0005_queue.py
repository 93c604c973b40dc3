"""queue numbers

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from common.migrate import secure

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=True),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'called', 'served', 'left')", name="known_ticket_status"),
        sa.PrimaryKeyConstraint("network_id", "ticket_id"),
        sa.UniqueConstraint("network_id", "branch_id", "day", "number", name="numbers_once"),
    )
    op.create_table(
        "ticket_numbers",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "branch_id", "day"),
    )
    secure(op, "booking", "tickets", "ticket_numbers")


def downgrade() -> None:
    op.drop_table("ticket_numbers")
    op.drop_table("tickets")
