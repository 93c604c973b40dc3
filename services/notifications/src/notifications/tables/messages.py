"""Rows of messages as values, and the few statements that move them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import Locale
from common.contracts.notifications import MessageClass, Outcome
from common.contracts.patient_profile import Channel
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


COLUMNS = [messages.c[field.name] for field in fields(Message)]
_SELECT = sa.select(*COLUMNS)


def value(row: Any) -> Message:
    """A row as a value."""
    return Message(*row)


LANES: dict[MessageClass, int] = {"immediate": 0, "service": 1, "marketing": 2}
"""A campaign never makes reminders wait, and those never make answers wait."""


async def insert(tx: AsyncConnection, planned: Sequence[Message]) -> None:
    """Write new messages."""
    if planned:
        rows = [
            {
                "lane": LANES[one.message_class],
                **{field.name: getattr(one, field.name) for field in fields(Message)},
            }
            for one in planned
        ]
        await tx.execute(sa.insert(messages), rows)


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


async def update(tx: AsyncConnection, network_id: str, changes: Sequence[dict[str, Any]]) -> None:
    """Change rows; each change has `message_id` and the columns that change (the same for all of one call)."""
    if not changes:
        return
    columns = [name for name in changes[0] if name != "message_id"]
    statement = (
        sa.update(messages)
        .where(messages.c.network_id == network_id, messages.c.message_id == sa.bindparam("key"))
        .values({name: sa.bindparam(f"new_{name}") for name in columns})
    )
    await tx.execute(
        statement,
        [
            {"key": change["message_id"], **{f"new_{name}": change[name] for name in columns}}
            for change in changes
        ],
    )


def _uuids(ids: Sequence[UUID]) -> Any:
    return sa.bindparam("ids", list(ids), type_=cast("Any", sa.ARRAY(sa.Uuid)))
