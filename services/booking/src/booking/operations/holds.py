"""Ending the holds that nobody took up."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.tables import appointments


async def expire(tx: AsyncConnection, network_id: str, ids: Sequence[UUID], *, now: datetime) -> int:
    """End those whose time has run out; nobody was told of them, so nothing is told now."""
    return await appointments.free_expired_holds(tx, network_id, now=now, ids=ids)
