"""What went out to patients and what came back."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.messages import Money
from common.contracts.notifications import (
    AskMessageReport,
    AttemptView,
    ChannelCost,
    Communications,
    CommunicationsOf,
    InboundView,
    LastMessageStates,
    MessageCount,
    MessageReport,
    MessageView,
)
from common.encoding import from_text, to_text
from common.errors import UnknownThing
from common.sealed import Seal, Sealer
from notifications.queries.calls import of_patients
from notifications.tables import attempt_texts
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message
from notifications.tables.schema import attempts, inbound, messages

SENT = frozenset({"accepted", "delivered", "read", "failed", "unknown"})


async def communications(
    tx: AsyncConnection, query: CommunicationsOf, network_id: str, sealer: Sealer
) -> Communications:
    """Messages of a patient by when they went out or will, newest first, and what the patient wrote meanwhile."""
    when = sa.func.coalesce(messages.c.sent_at, messages.c.due_at, messages.c.target_at)
    wanted = (
        sa.select(*message_rows.COLUMNS, when.label("moment"))
        .where(messages.c.network_id == network_id, messages.c.patient_id.in_(query.patient_ids))
        .order_by(when.desc(), messages.c.message_id.desc())
        .limit(query.limit + 1)
    )
    if query.cursor:
        moment, last = orjson.loads(from_text(query.cursor))
        wanted = wanted.where(
            sa.tuple_(when, messages.c.message_id) < (datetime.fromisoformat(moment), UUID(last))
        )
    rows = (await tx.execute(wanted)).all()
    page = [message_rows.value(row[:-1]) for row in rows[: query.limit]]
    tried = await attempt_rows.of_messages(tx, network_id, [one.message_id for one in page])
    own = await attempt_texts.of_messages(tx, network_id, [one.message_id for one in page])
    seals = await sealer.existing(tx, network_id, query.patient_ids)
    more = None
    if len(rows) > query.limit:
        last_row = rows[query.limit - 1]
        more = to_text(orjson.dumps([last_row.moment.isoformat(), str(last_row.message_id)]))
    return Communications(
        messages=[_view(one, tried.get(one.message_id, []), own, seals.get(one.patient_id)) for one in page],
        inbound=[] if query.cursor else await _inbound(tx, query, network_id, seals),
        next_cursor=more,
        calls=[] if query.cursor else await of_patients(tx, query, network_id, sealer, seals),
    )


def _view(message: Message, tried: list[Attempt], own: dict[UUID, bytes], seal: Seal | None) -> MessageView:
    return MessageView(
        message_id=message.message_id, patient_id=message.patient_id, appointment_id=message.appointment_id,
        template=message.template, step=message.step, message_class=message.message_class,
        locale=message.locale, target_at=message.target_at, due_at=message.due_at, outcome=message.outcome,
        reason=message.reason, text=_text(message.text, seal), created_at=message.created_at, asks_for_reply=message.asks,
        trace_id=message.traceparent.split("-")[1] if message.traceparent else None,
        template_version=message.template_version,
        attempts=[
            AttemptView(
                channel=one.channel, outcome=one.outcome, delivery=one.delivery, at=one.at,
                reference=str(one.attempt_id), reason=one.reason,
                segments=one.segments, cost=_cost(one), text=_text(own.get(one.attempt_id), seal),
            )
            for one in tried
        ],
    )  # fmt: skip


def _text(sealed: bytes | None, seal: Seal | None) -> str | None:
    """None where nothing was said yet, or the patient was erased."""
    if sealed is None or seal is None:
        return None
    return "\n".join(seal.open(sealed, about="messages.text")["lines"])


def _cost(attempt: Attempt) -> Money | None:
    if attempt.cost is None or attempt.currency is None:
        return None
    return Money(amount=attempt.cost, currency=attempt.currency)


async def _inbound(
    tx: AsyncConnection, query: CommunicationsOf, network_id: str, seals: dict[UUID, Seal]
) -> list[InboundView]:
    wanted = (
        sa.select(inbound)
        .where(inbound.c.network_id == network_id, inbound.c.patient_id.in_(query.patient_ids))
        .order_by(inbound.c.at.desc(), inbound.c.inbound_id.desc())
        .limit(query.limit)
    )
    return [
        InboundView(
            inbound_id=row.inbound_id, patient_id=row.patient_id, channel=row.channel, at=row.at,
            text=_opened(row, seals), understood_as=row.understood_as,
        )
        for row in await tx.execute(wanted)
    ]  # fmt: skip


def _opened(row: Any, seals: dict[UUID, Seal]) -> str:
    seal = seals.get(row.patient_id)
    return str(seal.open(row.text, about="inbound.text")) if seal is not None and row.text else ""


async def message(tx: AsyncConnection, network_id: str, message_id: UUID) -> tuple[Message, list[Attempt]]:
    """One message with its attempts. Raises `unknown-message`."""
    found = await message_rows.of_ids(tx, network_id, [message_id])
    if message_id not in found:
        raise UnknownThing("message", message_id)
    tried = await attempt_rows.of_messages(tx, network_id, [message_id])
    return found[message_id], tried.get(message_id, [])


async def last_states(tx: AsyncConnection, network_id: str, ids: list[UUID]) -> LastMessageStates:
    """The newest sent message's outcome per appointment; a planned one only where nothing was sent."""
    sent = messages.c.outcome.in_(SENT)
    query = (
        sa.select(messages.c.origin_id, messages.c.outcome)
        .where(messages.c.network_id == network_id, messages.c.origin_id.in_(ids))
        .ext(distinct_on(messages.c.origin_id))
        .order_by(
            messages.c.origin_id,
            sent.desc(),
            sa.case((sent, messages.c.sent_at)).desc().nulls_last(),
            (messages.c.outcome == "planned").desc(),
            messages.c.target_at,
        )
    )
    return LastMessageStates(states={row.origin_id: row.outcome for row in await tx.execute(query)})


async def report(tx: AsyncConnection, network_id: str, query: AskMessageReport) -> MessageReport:
    """Messages by the last channel tried and by outcome."""
    last = (
        sa.select(attempts.c.message_id, attempts.c.channel)
        .where(attempts.c.network_id == network_id)
        .ext(distinct_on(attempts.c.message_id))
        .order_by(attempts.c.message_id, attempts.c.at.desc(), attempts.c.attempt_id.desc())
        .subquery()
    )
    channel = sa.func.coalesce(last.c.channel, "none").label("channel")
    counted = (
        sa.select(channel, messages.c.outcome, sa.func.count().label("count"))
        .select_from(messages.outerjoin(last, last.c.message_id == messages.c.message_id))
        .where(
            messages.c.network_id == network_id,
            messages.c.target_at >= query.from_at,
            messages.c.target_at < query.to_at,
        )
        .group_by(channel, messages.c.outcome)
        .order_by(channel, messages.c.outcome)
    )
    return MessageReport(
        counts=[
            MessageCount(channel=row.channel, outcome=row.outcome, count=row._mapping["count"])  # noqa: SLF001
            for row in await tx.execute(counted)
        ],
        costs=await _costs(tx, network_id, query),
    )


async def _costs(tx: AsyncConnection, network_id: str, query: AskMessageReport) -> list[ChannelCost]:
    """Of what a provider took, or may have taken."""
    taken = sa.or_(attempts.c.provider_id.is_not(None), attempts.c.outcome == "unknown")
    summed = (
        sa.select(
            attempts.c.channel,
            attempts.c.currency,
            sa.func.count(),
            sa.func.sum(attempts.c.segments),
            sa.func.sum(attempts.c.cost),
        )
        .select_from(
            attempts.join(
                messages,
                sa.and_(
                    messages.c.network_id == attempts.c.network_id,
                    messages.c.message_id == attempts.c.message_id,
                ),
            )
        )
        .where(
            attempts.c.network_id == network_id,
            attempts.c.cost.is_not(None),
            taken,
            messages.c.target_at >= query.from_at,
            messages.c.target_at < query.to_at,
        )
        .group_by(attempts.c.channel, attempts.c.currency)
        .order_by(attempts.c.channel, attempts.c.currency)
    )
    return [
        ChannelCost(channel=channel, currency=currency, attempts=count, segments=segments, amount=amount)
        for channel, currency, count, segments, amount in await tx.execute(summed)
    ]
