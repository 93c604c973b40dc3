"""Conversations: one thread per address and channel, and what we said in it beside the planned messages."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Channel
from common.database import INSTANT
from notifications.tables.schema import metadata

threads = sa.Table(
    "threads", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("thread_id", UUID_COLUMN, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("address_index", sa.LargeBinary, nullable=False),
    sa.Column("address", sa.LargeBinary, nullable=False),
    sa.Column("patient_ids", ARRAY(UUID_COLUMN), nullable=False, server_default="{}"),
    sa.Column("branch_id", UUID_COLUMN),
    sa.Column("locale", sa.Text),
    sa.Column("dialogue", sa.LargeBinary),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.Column("heard_at", INSTANT, nullable=False),
    sa.Column("turn_of", UUID_COLUMN),
    sa.Column("turn_since", INSTANT),
    sa.Column("paused_at", INSTANT),
    sa.Column("task_id", UUID_COLUMN),
    sa.Column("waiting_since", INSTANT),
    sa.Index("threads_address", "network_id", "channel", "address_index", unique=True),
    sa.Index("threads_paused", "network_id", "paused_at", postgresql_where=sa.text("paused_at IS NOT NULL")),
    sa.Index("threads_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip

utterances = sa.Table(
    "utterances", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("utterance_id", UUID_COLUMN, primary_key=True),
    sa.Column("thread_id", UUID_COLUMN, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default="planned"),
    sa.Column("reason", sa.Text),
    sa.Column("provider_id", sa.Text),
    sa.Column("due_at", INSTANT),
    sa.Column("leased_until", INSTANT),
    sa.CheckConstraint(
        "outcome IN ('planned', 'sending', 'accepted', 'delivered', 'read', 'failed', 'unknown')", name="outcome"
    ),
    sa.ForeignKeyConstraint(
        ["network_id", "thread_id"], ["threads.network_id", "threads.thread_id"], ondelete="CASCADE",
        name="utterances_of_thread",
    ),
    sa.Index("utterances_thread", "network_id", "thread_id", "seq"),
    sa.Index("utterances_provider", "network_id", "provider_id"),
    sa.Index("utterances_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
)  # fmt: skip


async def paused_channels(
    tx: AsyncConnection, network_id: str, patient_ids: Iterable[UUID]
) -> dict[UUID, frozenset[Channel]]:
    """The channels on which a person has taken over the conversation with these patients.

    A fact of decisions: while it is so, nothing but immediate messages goes into that thread.
    """
    wanted = set(patient_ids)
    query = sa.select(threads.c.channel, threads.c.patient_ids).where(
        threads.c.network_id == network_id,
        threads.c.paused_at.is_not(None),
        threads.c.patient_ids.overlap(list(wanted)),
    )
    found: dict[UUID, set[Channel]] = defaultdict(set)
    for row in await tx.execute(query):
        for patient_id in wanted.intersection(row.patient_ids):
            found[patient_id].add(row.channel)
    return {patient_id: frozenset(channels) for patient_id, channels in found.items()}
