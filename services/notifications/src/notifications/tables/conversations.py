"""Conversations: one thread per address and channel, and what we said in it beside the planned messages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import Locale
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
    sa.Column("recorded_at", INSTANT, nullable=False, server_default=sa.func.now()),
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


@dataclass(frozen=True)
class Thread:
    """One conversation. `patient_ids` are the patients that it was bound to: it may act for nobody else.

    `dialogue` is what a booking by chat remembers until `due_at`; `turn_of` is the message that is being answered.
    """

    network_id: str
    thread_id: UUID
    version: int
    channel: Channel
    address_index: bytes
    address: bytes
    patient_ids: Sequence[UUID]
    branch_id: UUID | None
    locale: Locale | None
    dialogue: bytes | None
    due_at: datetime | None
    heard_at: datetime
    turn_of: UUID | None
    paused_at: datetime | None
    task_id: UUID | None
    waiting_since: datetime | None


@dataclass(frozen=True)
class Utterance:
    """What we said in a thread. `author` is `automation` or `staff:<id>`."""

    network_id: str
    utterance_id: UUID
    thread_id: UUID
    author: str
    text: bytes
    at: datetime
    outcome: Literal["planned", "sending", "accepted", "delivered", "read", "failed", "unknown"]
    reason: str | None
    provider_id: str | None
    due_at: datetime | None


THREAD_COLUMNS = [threads.c[field.name] for field in fields(Thread)]
UTTERANCE_COLUMNS = [utterances.c[field.name] for field in fields(Utterance)]
NOT_SETTLED = ("planned", "sending", "accepted", "unknown")


async def take_turn(
    tx: AsyncConnection,
    network_id: str,
    found: dict[str, Any],
    turn_of: UUID,
    *,
    now: datetime,
    over: datetime,
) -> Thread | None:
    """The thread, made where there is none, in the hands of this message; None while another one is being answered.

    A turn that began before `over` (wall time) was dropped, and may be taken from whoever did.
    """
    row = {"network_id": network_id, "heard_at": now, "turn_of": turn_of, **found}
    statement = (
        insert(threads)
        .values(row)
        .on_conflict_do_update(
            index_elements=["network_id", "channel", "address_index"],
            set_={"turn_of": turn_of, "turn_since": row["turn_since"]},
            where=sa.or_(
                threads.c.turn_of.is_(None), threads.c.turn_of == turn_of, threads.c.turn_since < over
            ),
        )
        .returning(*THREAD_COLUMNS)
    )
    taken = (await tx.execute(statement)).one_or_none()
    return Thread(*taken) if taken else None


async def thread(
    tx: AsyncConnection, network_id: str, thread_id: UUID, *, lock: bool = False
) -> Thread | None:
    """One thread by id."""
    query = sa.select(*THREAD_COLUMNS).where(
        threads.c.network_id == network_id, threads.c.thread_id == thread_id
    )
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    return Thread(*row) if row else None


async def of_task(tx: AsyncConnection, network_id: str, task_id: UUID | None) -> Thread | None:
    """The thread that a task asked a person for, locked."""
    query = sa.select(*THREAD_COLUMNS).where(
        threads.c.network_id == network_id, threads.c.task_id == task_id, threads.c.paused_at.is_not(None)
    )
    row = (await tx.execute(query.with_for_update())).first()
    return Thread(*row) if row else None


def concerns(held: Thread, branches: Sequence[str]) -> bool:
    """Whether it is for staff of these branches (none means all); one that belongs to no branch is for everybody."""
    return not branches or held.branch_id is None or str(held.branch_id) in branches


async def change(tx: AsyncConnection, held: Thread, **changed: Any) -> int:
    """Change a thread; returns its new version."""
    statement = (
        sa.update(threads)
        .where(threads.c.network_id == held.network_id, threads.c.thread_id == held.thread_id)
        .values(version=threads.c.version + 1, **changed)
        .returning(threads.c.version)
    )
    return int((await tx.execute(statement)).scalar_one())


async def say(tx: AsyncConnection, said: Utterance) -> None:
    """Put what is to be said into the thread."""
    await tx.execute(
        sa.insert(utterances), {field.name: getattr(said, field.name) for field in fields(Utterance)}
    )


async def last_said(tx: AsyncConnection, held: Thread) -> datetime | None:
    """When something was said in a thread last, beside the planned messages."""
    query = sa.select(sa.func.max(utterances.c.at)).where(
        utterances.c.network_id == held.network_id, utterances.c.thread_id == held.thread_id
    )
    at: datetime | None = (await tx.execute(query)).scalar_one()
    return at


async def utterances_of_ids(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], *, lock: bool = False
) -> list[Utterance]:
    """Utterances in the order in which they were said."""
    query = (
        sa.select(*UTTERANCE_COLUMNS)
        .where(utterances.c.network_id == network_id, utterances.c.utterance_id.in_(list(ids)))
        .order_by(utterances.c.seq)
    )
    return [Utterance(*row) for row in await tx.execute(query.with_for_update() if lock else query)]


async def settle(tx: AsyncConnection, said: Utterance, **changed: Any) -> None:
    """Write what became of an utterance."""
    await tx.execute(
        sa.update(utterances)
        .where(utterances.c.network_id == said.network_id, utterances.c.utterance_id == said.utterance_id)
        .values(**changed)
    )


async def of_references(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], provider_ids: Sequence[str]
) -> list[Utterance]:
    """Utterances by our reference or by the provider's id, locked."""
    query = (
        sa.select(*UTTERANCE_COLUMNS)
        .where(
            utterances.c.network_id == network_id,
            sa.or_(
                utterances.c.utterance_id.in_(list(ids)), utterances.c.provider_id.in_(list(provider_ids))
            ),
        )
        .order_by(utterances.c.seq)
        .with_for_update()
    )
    return [Utterance(*row) for row in await tx.execute(query)]


async def of_patient(tx: AsyncConnection, network_id: str, patient_id: UUID) -> list[Thread]:
    """Threads that this patient writes in."""
    query = sa.select(*THREAD_COLUMNS).where(
        threads.c.network_id == network_id, threads.c.patient_ids.contains([patient_id])
    )
    return [Thread(*row) for row in await tx.execute(query)]


async def forget(tx: AsyncConnection, network_id: str, thread_ids: Sequence[UUID]) -> None:
    """Threads with all that we said in them."""
    await tx.execute(
        sa.delete(threads).where(
            threads.c.network_id == network_id, threads.c.thread_id.in_(list(thread_ids))
        )
    )


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
