"""Rows of attempts: one try on one channel, written before the provider is called."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Channel
from notifications.tables import many
from notifications.tables.schema import attempts

FORWARD = {"none": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}
"""Delivery only moves forward: what was delivered cannot fail, and a late `sent` changes nothing."""


@dataclass(frozen=True)
class Attempt:
    """One try on one channel. `in_flight` is true from before the call until its answer is written."""

    network_id: str
    attempt_id: UUID
    message_id: UUID
    patient_id: UUID
    appointment_id: UUID | None
    channel: Channel
    outcome: Literal["open", "accepted", "failed", "suppressed", "unknown"]
    delivery: Literal["none", "sent", "delivered", "read", "failed"]
    in_flight: bool
    tries: int
    at: datetime
    address: bytes
    address_index: bytes
    provider_id: str | None
    reason: str | None
    trace_id: str | None
    segments: int | None = None
    """Of an SMS, with what they cost in minor units at the price of the day."""
    cost: int | None = None
    currency: str | None = None


_NAMES = tuple(field.name for field in fields(Attempt))
_SELECT = sa.select(*[attempts.c[name] for name in _NAMES])


def value(row: Any) -> Attempt:
    """A row as a value."""
    return Attempt(*row)


async def insert(tx: AsyncConnection, opened: Sequence[Attempt]) -> None:
    """Write new attempts."""
    await many.insert(tx, attempts, [{name: getattr(one, name) for name in _NAMES} for one in opened])


async def of_messages(
    tx: AsyncConnection, network_id: str, message_ids: Sequence[UUID]
) -> dict[UUID, list[Attempt]]:
    """Attempts by message, oldest first."""
    query = _SELECT.where(
        attempts.c.network_id == network_id, attempts.c.message_id == sa.any_(_uuids(message_ids))
    ).order_by(attempts.c.at, attempts.c.attempt_id)
    found: dict[UUID, list[Attempt]] = defaultdict(list)
    for row in await tx.execute(query):
        found[row.message_id].append(value(row))
    return found


async def of_references(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], provider_ids: Sequence[str]
) -> list[Attempt]:
    """Attempts by our reference or by the provider's id."""
    query = _SELECT.where(
        attempts.c.network_id == network_id,
        sa.or_(
            attempts.c.attempt_id == sa.any_(_uuids(ids)),
            attempts.c.provider_id == sa.any_(sa.bindparam("names", list(provider_ids), sa.ARRAY(sa.Text))),
        ),
    )
    return [value(row) for row in await tx.execute(query)]


async def at_address(
    tx: AsyncConnection, network_id: str, address_index: bytes, limit: int = 100
) -> list[Attempt]:
    """What was sent to an address, newest first."""
    query = (
        _SELECT.where(attempts.c.network_id == network_id, attempts.c.address_index == address_index)
        .order_by(attempts.c.at.desc(), attempts.c.attempt_id.desc())
        .limit(limit)
    )
    return [value(row) for row in await tx.execute(query)]


async def update(tx: AsyncConnection, network_id: str, changes: Sequence[dict[str, Any]]) -> None:
    """Change rows; each change has `attempt_id` and the columns that change (the same for all of one call)."""
    await many.update(tx, attempts, "attempt_id", network_id, changes)


def _uuids(ids: Sequence[UUID]) -> Any:
    return sa.bindparam("ids", list(ids), type_=cast("Any", sa.ARRAY(sa.Uuid)))
