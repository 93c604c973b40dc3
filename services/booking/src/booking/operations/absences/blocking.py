"""Time that nobody can have: what an absence takes out of the schedule."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.rules import absences as rules
from booking.rules import availability
from booking.rules.catalogue import Catalogue
from booking.tables import appointments, blocks
from common.contracts.booking import AbsenceRange
from common.errors import Unavailable

FAR = timedelta(days=3 * 366)
"""Beyond any absence that can be saved."""


async def close_branches_for(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, practitioner_id: UUID
) -> None:
    """Whoever's working hours have changed is away where and when a branch is closed, and nowhere else."""
    for closed in await blocks.absences_around(tx, acting.network_id, acting.now, acting.now + FAR):
        if closed.away.branch_id is None:
            continue
        await blocks.unblock(tx, acting.network_id, closed.absence_id, practitioner_id, now=acting.now)
        if practitioner_id in rules.who_is_away(closed.away, catalogue) and not await block(
            tx, acting, catalogue, closed.away, closed.absence_id, practitioner_id
        ):
            raise Unavailable("booking", "too many book this time at once")


async def block_again(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    who: Collection[UUID],
    start: datetime,
    end: datetime,
) -> None:
    """Absences take what something else gave back of their time."""
    for absence in await blocks.absences_around(tx, acting.network_id, start, end):
        for practitioner_id in set(rules.who_is_away(absence.away, catalogue)) & set(who):
            if not await block(tx, acting, catalogue, absence.away, absence.absence_id, practitioner_id):
                raise Unavailable("booking", "too many book this time at once")


async def block(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    away: AbsenceRange,
    absence_id: UUID,
    practitioner_id: UUID,
) -> bool:
    """Take what is free of the time; False where something else was quicker."""
    stays = [
        (availability.seconds(one.busy_from), availability.seconds(one.busy_to + timedelta(seconds=0.999999)))
        for one in await appointments.of_practitioner(
            tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at, lock=False
        )
        if not rules.is_affected(one, away) or one.status in rules.BEGUN
    ]
    stays += await blocks.of_practitioner(
        tx, acting.network_id, practitioner_id, away.starts_at, away.ends_at
    )
    spans = rules.to_block(away, catalogue, practitioner_id, stays)
    return await blocks.block(tx, acting.network_id, practitioner_id, absence_id, spans, now=acting.now)
