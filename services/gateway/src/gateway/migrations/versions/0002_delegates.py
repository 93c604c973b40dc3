"""delegates

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "staff",
        sa.Column("practitioner_ids", postgresql.ARRAY(sa.UUID()), server_default="{}", nullable=False),
    )
    op.create_index(
        "staff_practitioner",
        "staff",
        ["network_id", "practitioner_id"],
        unique=True,
        postgresql_where=sa.text("active AND practitioner_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("staff_practitioner", table_name="staff")
    op.drop_column("staff", "practitioner_ids")
