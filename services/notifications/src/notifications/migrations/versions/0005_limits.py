"""limits of providers

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
        "limits",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "channel", name=op.f("limits_pkey")),
    )
    secure(op, "notifications", "limits")


def downgrade() -> None:
    op.drop_table("limits")
