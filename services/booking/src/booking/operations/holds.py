"""When a time to choose has run out: holds that nobody took up, and displaced patients who have not answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import absences
from booking.tables import appointments


async def expire(tx: AsyncConnection, network_id: str, ids: Sequence[UUID], *, now: datetime) -> int:
    """End the holds, of which nobody was told; for the displaced, ask staff to call."""
    ended = await appointments.free_expired_holds(tx, network_id, now=now, ids=ids)
    for one in await appointments.get(tx, network_id, ids):
        if one.status == "displaced":
            locked = await appointments.lock(tx, network_id, one.appointment_id)
            await absences.remind(tx, network_id, locked, now=now)
    return ended
