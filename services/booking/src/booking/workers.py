"""Due work: holds that have run out."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from booking.operations import holds
from common.clock import Clock
from common.database import Database
from common.due import DueLoop, DueTable


def expire_holds(database: Database, clock: Clock) -> DueLoop:
    """Frees held times when their moment has come."""
    return DueLoop(
        "expire-holds",
        DueTable("appointments", "appointment_id"),
        database,
        clock,
        _expire(database, clock),
        follows_commits=False,  # a hold is never due at once, and bookings are many
    )


def _expire(database: Database, clock: Clock) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        async with database.transaction(network_id) as tx:
            await holds.expire(tx, network_id, ids, now=clock.now())

    return work
