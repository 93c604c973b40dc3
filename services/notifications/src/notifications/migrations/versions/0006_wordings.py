"""wordings of a network, and what messages cost

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import secure

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "template_drafts",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "name", "scope", name=op.f("template_drafts_pkey")),
    )
    op.create_table(
        "template_versions",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("waivers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("from_number", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "name", "scope", "number", name=op.f("template_versions_pkey")),
    )
    op.add_column("messages", sa.Column("template_version", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("segments", sa.SmallInteger(), nullable=True))
    op.add_column("attempts", sa.Column("cost", sa.BigInteger(), nullable=True))
    op.add_column("attempts", sa.Column("currency", sa.Text(), nullable=True))
    secure(op, "notifications", "template_drafts", "template_versions")
    op.execute("REVOKE UPDATE, DELETE ON template_versions FROM notifications_app")


def downgrade() -> None:
    op.drop_column("attempts", "currency")
    op.drop_column("attempts", "cost")
    op.drop_column("attempts", "segments")
    op.drop_column("messages", "template_version")
    op.drop_table("template_versions")
    op.drop_table("template_drafts")
