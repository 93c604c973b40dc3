"""order of what was said

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("inbound", "utterances"):
        recorded_at = sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        )
        op.add_column(table, recorded_at)


def downgrade() -> None:
    op.drop_column("utterances", "recorded_at")
    op.drop_column("inbound", "recorded_at")
