"""Conversations as staff see them: who waits, and what was said by whom."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.caller import Caller
from common.contracts.notifications import (
    Conversation,
    ConversationLine,
    Conversations,
    ConversationView,
    GetConversation,
    ListConversations,
)
from common.errors import UnknownThing
from common.sealed import Seal, Sealer
from notifications.rules.conversations import answer_until
from notifications.tables import conversations
from notifications.tables.attempt_texts import OF_ATTEMPT, attempt_texts
from notifications.tables.conversations import THREAD_COLUMNS, Thread, threads, utterances
from notifications.tables.schema import attempts, inbound, messages


async def listed(
    tx: AsyncConnection, query: ListConversations, caller: Caller, sealer: Sealer
) -> Conversations:
    """Those that wait for a person, longest first; or the others, newest first."""
    order = threads.c.waiting_since.asc().nulls_last() if query.open else threads.c.heard_at.desc()
    wanted = (
        sa.select(*THREAD_COLUMNS)
        .where(
            threads.c.network_id == caller.network_id,
            threads.c.paused_at.is_not(None) if query.open else threads.c.paused_at.is_(None),
            _of_branches(caller),
        )
        .order_by(order, threads.c.heard_at.desc())
        .limit(query.limit)
    )
    found = [Thread(*row) for row in await tx.execute(wanted)]
    shown = []
    for thread in found:
        last = await _lines(tx, thread, sealer, limit=1)
        shown.append(_view(thread, last[-1] if last else None))
    return Conversations(conversations=shown)


async def transcript(
    tx: AsyncConnection, query: GetConversation, caller: Caller, sealer: Sealer
) -> Conversation:
    """One conversation, oldest line first. Raises `unknown-conversation`."""
    if query.conversation_id is not None:
        thread = await conversations.thread(tx, caller.network_id, query.conversation_id)
    else:
        thread = await conversations.of_task(tx, caller.network_id, query.task_id)
    if thread is None or not conversations.concerns(thread, caller.branches):
        raise UnknownThing("conversation", query.conversation_id or query.task_id)
    lines = await _lines(tx, thread, sealer, limit=query.limit)
    return Conversation(conversation=_view(thread, lines[-1] if lines else None), lines=lines)


def _of_branches(caller: Caller) -> sa.ColumnElement[bool]:
    if not caller.branches:
        return sa.true()
    return sa.or_(
        threads.c.branch_id.is_(None), threads.c.branch_id.in_([UUID(one) for one in caller.branches])
    )


def _view(thread: Thread, last: ConversationLine | None) -> ConversationView:
    return ConversationView(
        conversation_id=thread.thread_id, version=thread.version, channel=thread.channel,
        patient_ids=list(thread.patient_ids), branch_id=thread.branch_id, locale=thread.locale,
        heard_at=thread.heard_at, open=thread.paused_at is not None, paused_at=thread.paused_at,
        waiting_since=thread.waiting_since, answer_until=answer_until(thread.channel, thread.heard_at),
        task_id=thread.task_id, last=last,
    )  # fmt: skip


async def _lines(
    tx: AsyncConnection, thread: Thread, sealer: Sealer, *, limit: int
) -> list[ConversationLine]:
    """What the patient wrote, what was said in the thread, and the messages that went to the same address."""
    seals = await sealer.existing(tx, thread.network_id, [thread.thread_id, *thread.patient_ids])
    found = [
        *await _written(tx, thread, seals, sealer.service, limit),
        *await _said(tx, thread, seals, limit),
        *await _sent(tx, thread, seals, limit),
    ]
    return [line for _, line in sorted(found, key=lambda one: one[0])][-limit:]


Placed = tuple[tuple[datetime, datetime, int], ConversationLine]
"""A line with its place: its instant, when it was written down (by the wall clock), and answers after what they
answer, which one transaction writes down."""


async def _written(
    tx: AsyncConnection, thread: Thread, seals: dict[UUID, Seal], service: Seal, limit: int
) -> list[Placed]:
    query = (
        sa.select(inbound)
        .where(
            inbound.c.network_id == thread.network_id,
            inbound.c.address_index == thread.address_index,
            inbound.c.channel == thread.channel,
        )
        .order_by(inbound.c.at.desc())
        .limit(limit)
    )
    lines: list[Placed] = []
    for row in await tx.execute(query):
        seal = service if row.patient_id is None else seals.get(row.patient_id)
        text = _opened(seal, row.text, "inbound.text")
        line = ConversationLine(line_id=row.inbound_id, at=row.at, author="patient", text=text)
        lines.append(((row.at, row.recorded_at, 0), line))
    return lines


async def _said(tx: AsyncConnection, thread: Thread, seals: dict[UUID, Seal], limit: int) -> list[Placed]:
    query = (
        sa.select(utterances)
        .where(utterances.c.network_id == thread.network_id, utterances.c.thread_id == thread.thread_id)
        .order_by(utterances.c.seq.desc())
        .limit(limit)
    )
    lines: list[Placed] = []
    for row in await tx.execute(query):
        body = seals[thread.thread_id].open(row.text, about="utterances.text")
        line = ConversationLine(
            line_id=row.utterance_id,
            at=row.at,
            author=row.author,
            text="\n".join(body["lines"]),
            outcome=row.outcome,
        )
        lines.append(((row.at, row.recorded_at, 1), line))
    return lines


async def _sent(tx: AsyncConnection, thread: Thread, seals: dict[UUID, Seal], limit: int) -> list[Placed]:
    columns = (
        attempts.c.attempt_id,
        messages.c.message_id,
        messages.c.patient_id,
        sa.func.coalesce(attempt_texts.c.text, messages.c.text).label("text"),
        messages.c.outcome,
        attempts.c.at,
    )
    query = (
        sa.select(*columns)
        .join(
            attempts,
            sa.and_(
                attempts.c.network_id == messages.c.network_id, attempts.c.message_id == messages.c.message_id
            ),
        )
        .outerjoin(attempt_texts, OF_ATTEMPT)
        .where(
            attempts.c.network_id == thread.network_id,
            attempts.c.address_index == thread.address_index,
            attempts.c.channel == thread.channel,
        )
        .order_by(attempts.c.at.desc())
        .limit(limit)
    )
    lines: list[Placed] = []
    for row in await tx.execute(query):
        body = _opened(seals.get(row.patient_id), row.text, "messages.text")
        text = "\n".join(body["lines"]) if body else ""
        line = ConversationLine(
            line_id=row.message_id, at=row.at, author="automation", text=text, outcome=row.outcome
        )
        lines.append(((row.at, _made_at(row.attempt_id), 2), line))
    return lines


def _opened(seal: Seal | None, sealed: bytes | None, about: str) -> Any:
    """Empty where the patient was erased."""
    return seal.open(sealed, about=about) if seal is not None and sealed else ""


def _made_at(attempt_id: UUID) -> datetime:
    """When an attempt was opened, by the wall clock that its id holds."""
    return datetime.fromtimestamp((attempt_id.int >> 80) / 1000, UTC)
