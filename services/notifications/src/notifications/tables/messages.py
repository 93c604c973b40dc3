"""Rows of messages as values, and the few statements that move them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import Locale
from common.contracts.notifications import MessageClass, Outcome
from common.contracts.patient_profile import Channel
from notifications.rules.values import Mode
from notifications.tables import many
from notifications.tables.schema import messages

OPEN = ("planned", "sending")


@dataclass(frozen=True)
class Message:
    """One step of a chain, or one message of its own."""

    network_id: str
    message_id: UUID
    version: int
    patient_id: UUID
    origin: str
    origin_id: UUID
    appointment_id: UUID | None
    branch_id: UUID
    practitioner_id: UUID | None
    service_id: UUID | None
    step: str
    template: str
    parts: Sequence[str]
    message_class: MessageClass
    asks: bool
    orientation: bool
    only_channel: Channel | None
    locale: Locale | None
    zone: str
    provisional: bool
    starts_at: datetime | None
    asked_at: datetime
    target_at: datetime
    earliest_at: datetime
    latest_at: datetime
    budget_seconds: int
    due_at: datetime | None
    outcome: Outcome
    reason: str | None
    paused: bool
    verdict: str
    text: bytes | None
    data: dict[str, Any]
    traceparent: str | None
    created_at: datetime
    sent_at: datetime | None
    mode: Mode = "fallback"
    template_version: str | None = None
    """The wording that was sent: `built-in`, or the network's or branch's version."""


_NAMES = tuple(field.name for field in fields(Message))
COLUMNS = [messages.c[name] for name in _NAMES]
_SELECT = sa.select(*COLUMNS)


def value(row: Any) -> Message:
    """A row as a value."""
    return Message(*row)


LANES: dict[MessageClass, int] = {"immediate": 0, "service": 1, "marketing": 2}
"""A campaign never makes reminders wait, and those never make answers wait."""


async def insert(tx: AsyncConnection, planned: Sequence[Message]) -> None:
    """Write new messages."""
    rows = [
        {
            "lane": LANES[one.message_class],
            **{name: getattr(one, name) for name in _NAMES},
        }
        for one in planned
    ]
    await many.insert(tx, messages, rows)


async def of_ids(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, Message]:
    """Messages by id. Locks are taken in the order of ids, so that two batches never wait for each other in a ring."""
    query = _SELECT.where(messages.c.network_id == network_id, messages.c.message_id == sa.any_(_uuids(ids)))
    if lock:
        query = query.order_by(messages.c.message_id).with_for_update()
    return {row.message_id: value(row) for row in await tx.execute(query)}


async def of_origin(
    tx: AsyncConnection, network_id: str, origin_id: UUID, outcomes: Sequence[str]
) -> list[Message]:
    """What stands for an appointment or outreach in these outcomes, locked."""
    query = (
        _SELECT.where(
            messages.c.network_id == network_id,
            messages.c.origin_id == origin_id,
            messages.c.outcome.in_(outcomes),
        )
        .order_by(messages.c.message_id)
        .with_for_update()
    )
    return [value(row) for row in await tx.execute(query)]


async def newest_of_appointment(tx: AsyncConnection, network_id: str, appointment_id: UUID) -> Message | None:
    """What was planned last about an appointment, whatever became of it."""
    query = (
        _SELECT.where(messages.c.network_id == network_id, messages.c.origin_id == appointment_id)
        .order_by(messages.c.message_id.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else value(row)


async def reminders_of(
    tx: AsyncConnection, network_id: str, appointment_ids: Sequence[UUID]
) -> list[Message]:
    """Reminders of these visits before they start: those that are open, went out, or are said by another's, locked."""
    if not appointment_ids:
        return []
    query = (
        _SELECT.where(
            messages.c.network_id == network_id,
            messages.c.origin_id == sa.any_(_uuids(appointment_ids)),
            messages.c.message_class == "service",
            messages.c.template != "waitlist-offer",
            messages.c.starts_at.is_not(None),
            messages.c.only_channel.is_(None),
            sa.or_(
                messages.c.outcome.in_(("planned", "sending", "accepted", "delivered", "read", "unknown")),
                sa.and_(messages.c.outcome == "cancelled", messages.c.reason == "grouped"),
            ),
        )
        .order_by(messages.c.message_id)
        .with_for_update()
    )
    return [value(row) for row in await tx.execute(query)]


async def no_longer_grouped(
    tx: AsyncConnection, network_id: str, origin_id: UUID, reason: str, *, only_asking: bool = False
) -> None:
    """What another visit's message would have said of this one is over for a reason of its own."""
    statement = (
        sa.update(messages)
        .where(
            messages.c.network_id == network_id,
            messages.c.origin_id == origin_id,
            messages.c.outcome == "cancelled",
            messages.c.reason == "grouped",
        )
        .values(reason=reason)
    )
    if only_asking:
        statement = statement.where(
            messages.c.parts == sa.literal(["confirm-request"], messages.c.parts.type)
        )
    await tx.execute(statement)


async def free_grouped(tx: AsyncConnection, network_id: str, lead_ids: Sequence[UUID]) -> None:
    """These messages will not go out: what they would have said too goes out by itself."""
    if lead_ids:
        await tx.execute(_FREE_GROUPED, {"network": network_id, "leads": [str(one) for one in lead_ids]})


async def open_of_patient(
    tx: AsyncConnection,
    network_id: str,
    patient_id: UUID,
    revived: Collection[str],
    *,
    now: datetime,
    lock: bool = False,
) -> list[Message]:
    """What has not gone out yet, and what was given up for a reason that may have gone."""
    values = {"network": network_id, "patient": patient_id, "revived": list(revived), "now": now}
    return [value(row) for row in await tx.execute(_LOCK_OPEN if lock else _OPEN_OF_PATIENT, values)]


_OPEN_OF_PATIENT = (
    _SELECT.where(
        messages.c.network_id == sa.bindparam("network"),
        messages.c.patient_id == sa.bindparam("patient"),
        messages.c.sent_at.is_(None),
        messages.c.only_channel.is_(None),
        messages.c.latest_at > sa.bindparam("now"),
        sa.or_(
            messages.c.outcome == "planned",
            sa.and_(
                messages.c.outcome == "suppressed",
                messages.c.origin == "appointment",
                messages.c.reason == sa.any_(sa.bindparam("revived", type_=sa.ARRAY(sa.Text))),
            ),
        ),
    ).order_by(messages.c.message_id)
)  # fmt: skip
_LOCK_OPEN = _OPEN_OF_PATIENT.with_for_update()


async def take_turn_of(tx: AsyncConnection, patient_id: UUID) -> None:
    """One change of a patient's plans at a time (see `appointments.take_turn`)."""
    await tx.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:patient, 0))"), {"patient": str(patient_id)}
    )


async def update_each(tx: AsyncConnection, network_id: str, changes: Sequence[dict[str, Any]]) -> None:
    """Change rows that each change in columns of their own; one statement for each set of columns."""
    by_shape: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        by_shape[tuple(sorted(change))].append(change)
    for alike in by_shape.values():
        await update(tx, network_id, alike)


async def update(tx: AsyncConnection, network_id: str, changes: Sequence[dict[str, Any]]) -> None:
    """Change rows; each change has `message_id` and the columns that change (the same for all of one call)."""
    await many.update(tx, messages, "message_id", network_id, changes)


def _uuids(ids: Sequence[UUID]) -> Any:
    return sa.bindparam("ids", list(ids), type_=cast("Any", sa.ARRAY(sa.Uuid)))


_FREE_GROUPED = sa.text(
    "UPDATE messages SET outcome = 'planned', reason = NULL, leased_until = NULL,"
    " due_at = coalesce(CAST(data ->> 'due_alone' AS timestamptz), target_at),"
    " data = data - 'told_in' - 'due_alone'"
    " WHERE network_id = :network AND outcome = 'cancelled' AND reason = 'grouped'"
    " AND data ->> 'told_in' = ANY (:leads)"
)
