"""Time that nobody can have: what an absence takes out of the schedule."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import ATTEMPTS, Acting
from booking.rules import absences as rules
from booking.rules import availability
from booking.rules.appointment import Appointment
from booking.rules.availability import Span
from booking.rules.catalogue import Catalogue
from booking.tables import appointments, blocks
from booking.tables.blocks import Absence
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
        if practitioner_id in rules.who_is_away(closed.away, catalogue):
            await _block_around(tx, acting, catalogue, closed, practitioner_id)


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
            await _block_around(tx, acting, catalogue, absence, practitioner_id)


async def _block_around(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, absence: Absence, practitioner_id: UUID
) -> None:
    """Take what is free of an absence that was saved before. Whoever stands there by now was told of it or came back
    since: they stay, and their time is closed behind them."""
    network_id, away = acting.network_id, absence.away
    for _ in range(ATTEMPTS):
        standing = await appointments.of_practitioner(
            tx, network_id, practitioner_id, away.starts_at, away.ends_at, lock=True
        )
        stays = availability.merged(map(span_of, standing))
        closed = await blocks.of_practitioner(tx, network_id, practitioner_id, away.starts_at, away.ends_at)
        spans = rules.to_block(away, catalogue, practitioner_id, [*stays, *closed])
        if await blocks.block(tx, network_id, practitioner_id, absence.absence_id, spans, now=acting.now):
            behind = availability.common_to(rules.to_block(away, catalogue, practitioner_id, closed), stays)
            if behind:
                await blocks.block_behind(
                    tx, network_id, practitioner_id, absence.absence_id, behind, now=acting.now
                )
            return
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
        span_of(one)
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


def span_of(one: Appointment) -> Span:
    """What it takes of the schedule, in whole seconds."""
    return availability.seconds(one.busy_from), availability.seconds(
        one.busy_to + timedelta(seconds=0.999999)
    )
