"""first tables

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.migrate import secure, unscoped

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("api_key_id", sa.UUID(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("network_id", "api_key_id"),
        sa.UniqueConstraint("network_id", "key_hash", name="api_key_hash"),
    )
    op.create_table(
        "audit",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("subjects", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "seq"),
    )
    op.create_table(
        "commands",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("command_id", sa.UUID(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "command_id"),
    )
    op.create_index("commands_recorded", "commands", ["recorded_at"], unique=False)
    op.create_table(
        "dead_letters",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("durable", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replay_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "durable"),
    )
    op.create_table(
        "idempotency",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_mac", sa.LargeBinary(), nullable=False),
        sa.Column("minted", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "principal", "route", "key"),
    )
    op.create_index("idempotency_recorded", "idempotency", ["recorded_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "reader"),
    )
    op.create_index("inbox_applied", "inbox", ["applied_at"], unique=False)
    op.create_table(
        "login_failures",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("login_failures_identity", "login_failures", ["identity", "at"], unique=False)
    op.create_table(
        "networks",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("network_id"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stream_created", sa.Text(), nullable=True),
        sa.Column("stream_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index("outbox_published", "outbox", ["published_at"], unique=False)
    op.create_index(
        "outbox_unpublished",
        "outbox",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "staff",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("branch_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_pending", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "staff_id"),
        sa.UniqueConstraint("network_id", "email", name="staff_email"),
    )
    op.create_table(
        "staff_logins",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("email"),
    )
    op.create_table(
        "sessions",
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id", "staff_id"], ["staff.network_id", "staff.staff_id"], name="session_of"
        ),
        sa.PrimaryKeyConstraint("network_id", "token_hash"),
    )
    secure(op, "gateway", "staff", "sessions", "api_keys", "idempotency")
    unscoped(op, "gateway")
    unscoped(op, "gateway", "networks", "staff_logins", "login_failures")
    _append_only("audit")
    op.execute("CREATE POLICY idempotency_worker ON idempotency TO gateway_worker USING (true)")
    op.execute("GRANT SELECT (recorded_at), DELETE ON idempotency TO gateway_worker")


def _append_only(table: str) -> None:
    """Rows of one network, which the service may add and read, and neither change nor delete."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    own = "network_id = current_setting('app.network', true)"
    op.execute(f"CREATE POLICY {table}_read ON {table} FOR SELECT TO gateway_app USING ({own})")
    op.execute(f"CREATE POLICY {table}_add ON {table} FOR INSERT TO gateway_app WITH CHECK ({own})")
    op.execute(f"GRANT SELECT, INSERT ON {table} TO gateway_app")


def downgrade() -> None:
    op.drop_table("sessions")
    op.drop_table("staff_logins")
    op.drop_table("staff")
    op.drop_index("outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("outbox_published", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("networks")
    op.drop_index("login_failures_identity", table_name="login_failures")
    op.drop_table("login_failures")
    op.drop_index("inbox_applied", table_name="inbox")
    op.drop_table("inbox")
    op.drop_index("idempotency_recorded", table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("dead_letters")
    op.drop_index("commands_recorded", table_name="commands")
    op.drop_table("commands")
    op.drop_table("audit")
    op.drop_table("api_keys")
