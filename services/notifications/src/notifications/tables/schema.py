"""The tables. Everything personal is sealed: addresses, texts, replies, raw webhooks."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from common.database import INSTANT, standard_tables
from common.directory import directory_table
from common.sealed import keys_table

metadata = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_name)s",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "pk": "%(table_name)s_pkey",
    }
)
standard_tables(metadata)
directory = directory_table(metadata)
patient_keys = keys_table(metadata)

appointments = sa.Table(
    "appointments", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("starts_at", INSTANT, nullable=False),
    sa.Column("tasks", ARRAY(sa.Text), nullable=False, server_default="{}"),
    # Of the phone that it was booked for, where the network lets messages to a family be one.
    sa.Column("phone_index", sa.LargeBinary),
    # When its chain is to be made anew, after a policy was changed.
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.Index("appointments_patient", "network_id", "patient_id"),
    sa.Index(
        "appointments_phone", "network_id", "phone_index", postgresql_where=sa.text("phone_index IS NOT NULL")
    ),
    sa.Index("appointments_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

messages = sa.Table(
    "messages", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("message_id", UUID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("origin_id", UUID, nullable=False),
    sa.Column("appointment_id", UUID),
    sa.Column("branch_id", UUID, nullable=False),
    sa.Column("practitioner_id", UUID),
    sa.Column("service_id", UUID),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("parts", ARRAY(sa.Text), nullable=False),
    sa.Column("message_class", sa.Text, nullable=False),
    sa.Column("asks", sa.Boolean, nullable=False),
    sa.Column("orientation", sa.Boolean, nullable=False),
    sa.Column("only_channel", sa.Text),
    sa.Column("locale", sa.Text),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("provisional", sa.Boolean, nullable=False),
    sa.Column("starts_at", INSTANT),
    sa.Column("asked_at", INSTANT, nullable=False),
    sa.Column("target_at", INSTANT, nullable=False),
    sa.Column("earliest_at", INSTANT, nullable=False),
    sa.Column("latest_at", INSTANT, nullable=False),
    sa.Column("budget_seconds", sa.Integer, nullable=False),
    sa.Column("mode", sa.Text, nullable=False, server_default="fallback"),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("paused", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("text", sa.LargeBinary),
    sa.Column("template_version", sa.Text),
    sa.Column("data", JSONB, nullable=False),
    sa.Column("traceparent", sa.Text),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("sent_at", INSTANT),
    sa.CheckConstraint(
        "outcome IN ('planned', 'sending', 'accepted', 'delivered', 'read', 'failed', 'suppressed', 'unknown',"
        " 'cancelled')",
        name="outcome",
    ),
    sa.CheckConstraint("mode IN ('fallback', 'all')", name="mode"),
    sa.Index("messages_due", "lane", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    sa.Index("messages_patient", "network_id", "patient_id"),
    sa.Index("messages_origin", "network_id", "origin_id"),
    sa.Index("messages_target", "network_id", "target_at"),
    # A planned message is changed twice soon after one another: room on its page keeps that out of the indexes.
    postgresql_with={"fillfactor": 55},
)  # fmt: skip

attempts = sa.Table(
    "attempts", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("attempt_id", UUID, primary_key=True),
    sa.Column("message_id", UUID, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("appointment_id", UUID),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("delivery", sa.Text, nullable=False, server_default="none"),
    sa.Column("in_flight", sa.Boolean, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="1"),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("address", sa.LargeBinary, nullable=False),
    sa.Column("address_index", sa.LargeBinary, nullable=False),
    sa.Column("provider_id", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("trace_id", sa.Text),
    sa.Column("segments", sa.SmallInteger),
    sa.Column("cost", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.CheckConstraint("outcome IN ('open', 'accepted', 'failed', 'suppressed', 'unknown')", name="outcome"),
    sa.CheckConstraint("delivery IN ('none', 'sent', 'delivered', 'read', 'failed')", name="delivery"),
    sa.UniqueConstraint("network_id", "message_id", "channel", name="attempts_once_per_channel"),
    sa.Index("attempts_provider", "network_id", "provider_id"),
    sa.Index("attempts_address", "network_id", "address_index"),
    sa.Index("attempts_patient", "network_id", "patient_id"),
)  # fmt: skip

webhooks = sa.Table(
    "webhooks", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("webhook_id", UUID, primary_key=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("query", JSONB, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("traceparent", sa.Text),
    sa.Column("received_at", INSTANT, nullable=False),
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.Index("webhooks_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

inbound = sa.Table(
    "inbound", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("inbound_id", UUID, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("patient_id", UUID),
    sa.Column("appointment_id", UUID),
    sa.Column("address_index", sa.LargeBinary, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("text", sa.LargeBinary),
    sa.Column("understood_as", sa.Text),
    sa.Column("recorded_at", INSTANT, nullable=False, server_default=sa.func.now()),
    sa.Index("inbound_patient", "network_id", "patient_id"),
    sa.Index("inbound_address", "network_id", "address_index"),
)  # fmt: skip

brakes = sa.Table(
    "brakes", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("template", sa.Text, primary_key=True),
    sa.Column("paused_at", INSTANT, nullable=False),
    sa.Column("paused_by", sa.Text, nullable=False),
)  # fmt: skip
