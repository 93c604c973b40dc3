"""refusals, and calls that can be refused

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from common.migrate import secure

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "patient_id", "at", name=op.f("refusals_pkey")),
    )
    secure(op, "notifications", "refusals")
    op.drop_constraint(op.f("calls_stage"), "calls")
    op.create_check_constraint(
        op.f("calls_stage"), "calls", "stage IN ('asked', 'offered', 'invited', 'over')"
    )


def downgrade() -> None:
    op.execute("UPDATE calls SET stage = 'over' WHERE stage = 'invited'")
    op.drop_constraint(op.f("calls_stage"), "calls")
    op.create_check_constraint(op.f("calls_stage"), "calls", "stage IN ('asked', 'offered', 'over')")
    op.drop_table("refusals")
