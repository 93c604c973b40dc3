"""When a time to choose has run out: holds that nobody took up, and displaced patients who have not answered."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations import absences, waitlist
from booking.operations.acting import Acting
from booking.tables import appointments


async def expire(tx: AsyncConnection, acting: Acting, ids: Sequence[UUID]) -> None:
    """End the holds, of which nobody was told, and offer their time to who waits; for the displaced, ask staff to
    call."""
    network_id = acting.network_id
    freed = await appointments.free_expired_holds(tx, network_id, now=acting.now, ids=ids)
    for one in await appointments.get(tx, network_id, ids):
        if one.status == "displaced":
            locked = await appointments.lock(tx, network_id, one.appointment_id)
            await absences.remind(tx, network_id, locked, now=acting.now)
    if freed:
        await waitlist.offer_freed(tx, acting, await acting.directories.current(tx, network_id), freed)
