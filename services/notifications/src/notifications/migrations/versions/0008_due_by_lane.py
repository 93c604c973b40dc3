"""due by lane

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("messages_due", table_name="messages")
    op.create_index(
        "messages_due", "messages", ["lane", "due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("messages_due", table_name="messages")
    op.create_index("messages_due", "messages", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
