"""Tills and their closed days."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.ledger import Entry
from booking.tables import ledger
from common.contracts.booking import Closing


async def closed_days(tx: AsyncConnection, network_id: str, branch_id: UUID, since: date) -> set[date]:
    """Days from one on that are closed; none is closed by another before this transaction ends."""
    await tx.execute(_KEEP_OPEN, {"till": _till(network_id, branch_id)})
    values = {"network": network_id, "branch": branch_id, "since": since}
    return set((await tx.execute(_CLOSED_DAYS, values)).scalars())


async def stop(tx: AsyncConnection, network_id: str, branch_id: UUID) -> None:
    """Wait for entries that are being written, and let none be written before this transaction ends."""
    await tx.execute(_STOP, {"till": _till(network_id, branch_id)})


async def entries(tx: AsyncConnection, network_id: str, branch_id: UUID, day: date) -> list[Entry]:
    """What a till had to do with on one of its days."""
    values = {"network": network_id, "branch": branch_id, "day": day}
    return [ledger.entry(row.entry) for row in await tx.execute(_ENTRIES, values)]


async def closing(tx: AsyncConnection, network_id: str, branch_id: UUID, day: date) -> Closing | None:
    """How a day was closed, if it was."""
    values = {"network": network_id, "branch": branch_id, "day": day}
    body = (await tx.execute(_CLOSING, values)).scalar_one_or_none()
    return None if body is None else Closing.model_validate(body)


async def close(tx: AsyncConnection, network_id: str, closed: Closing) -> bool:
    """Returns False where the day was closed before."""
    values: dict[str, Any] = {
        "network": network_id,
        "branch": closed.branch_id,
        "day": closed.day,
        "closing_id": closed.closing_id,
        "body": closed.model_dump_json(),
    }
    return bool((await tx.execute(_CLOSE, values)).rowcount)


def _till(network_id: str, branch_id: UUID) -> str:
    return f"{network_id}/till/{branch_id}"


_KEEP_OPEN = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:till, 0))")
_STOP = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:till, 0))")
_CLOSED_DAYS = sa.text(
    "SELECT day FROM day_closings WHERE network_id = :network AND branch_id = :branch AND day >= :since"
)
_ENTRIES = sa.text(
    "SELECT to_jsonb(p) AS entry FROM payments p WHERE network_id = :network AND branch_id = :branch AND day = :day"
    " ORDER BY paid_at, payment_id"
)
_CLOSING = sa.text(
    "SELECT body FROM day_closings WHERE network_id = :network AND branch_id = :branch AND day = :day"
)
_CLOSE = sa.text(
    "INSERT INTO day_closings (network_id, branch_id, day, closing_id, body)"
    " VALUES (:network, :branch, :day, :closing_id, CAST(:body AS jsonb)) ON CONFLICT DO NOTHING"
)
