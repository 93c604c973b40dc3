"""The tables, as migrations compare them with the database."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.database import INSTANT, standard_tables

metadata = sa.MetaData()
standard_tables(metadata)

sa.Table(
    "networks", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
)  # fmt: skip
sa.Table(
    "staff", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("staff_id", pg.UUID, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("branch_ids", pg.ARRAY(pg.UUID), nullable=False),
    # Who a doctor is; and for whom a delegate acts.
    sa.Column("practitioner_id", pg.UUID),
    sa.Column("practitioner_ids", pg.ARRAY(pg.UUID), nullable=False, server_default="{}"),
    sa.Column("totp_secret", sa.LargeBinary),
    sa.Column("totp_pending", sa.LargeBinary),
    sa.Column("totp_last", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.UniqueConstraint("network_id", "email", name="staff_email"),
    sa.Index(
        "staff_practitioner", "network_id", "practitioner_id", unique=True,
        postgresql_where=sa.text("active AND practitioner_id IS NOT NULL"),
    ),
)  # fmt: skip
sa.Table(
    # Outside row-level security: an e-mail is all that is known before its network is.
    "staff_logins", metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("network_id", sa.Text, nullable=False),
    sa.Column("staff_id", pg.UUID, nullable=False),
)  # fmt: skip
sa.Table(
    "login_failures", metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Index("login_failures_identity", "identity", "at"),
)  # fmt: skip
sa.Table(
    "sessions", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("staff_id", pg.UUID, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("last_seen_at", INSTANT, nullable=False),
    sa.ForeignKeyConstraint(["network_id", "staff_id"], ["staff.network_id", "staff.staff_id"], name="session_of"),
)  # fmt: skip
sa.Table(
    "api_keys", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("api_key_id", pg.UUID, primary_key=True),
    sa.Column("key_hash", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("revoked_at", INSTANT),
    sa.UniqueConstraint("network_id", "key_hash", name="api_key_hash"),
)  # fmt: skip
sa.Table(
    "idempotency", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("principal", sa.Text, primary_key=True),
    sa.Column("route", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_mac", sa.LargeBinary, nullable=False),
    sa.Column("minted", pg.UUID, nullable=False),
    sa.Column("recorded_at", INSTANT, nullable=False, server_default=sa.func.now()),
    sa.Index("idempotency_recorded", "recorded_at"),
)  # fmt: skip
sa.Table(
    "audit", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("trace", sa.Text),
    sa.Column("subjects", pg.JSONB, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)  # fmt: skip
