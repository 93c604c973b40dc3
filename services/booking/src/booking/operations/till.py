"""Closing a branch's day."""

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.queries.till import visits_of
from booking.rules import till as rules
from booking.rules.permissions import expect_may
from booking.rules.refusals import DayClosed as ClosedBefore
from booking.tables import till as rows
from common import outbox
from common.contracts.booking import CloseDay, ClosedDay, Closing, DayClosed


async def close_day(tx: AsyncConnection, acting: Acting, command: CloseDay) -> Closing:
    """From here on nothing of this day's till changes: whoever is entering something is waited for first."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    branch = catalogue.branch(command.branch_id)
    expect_may(acting.caller, "close-day", branch_id=branch.branch_id)
    await rows.stop(tx, acting.network_id, branch.branch_id)
    closed = rules.close(
        command,
        branch,
        await visits_of(tx, acting.network_id, branch, command.day),
        rules.lines(await rows.entries(tx, acting.network_id, branch.branch_id, command.day)),
        currency=catalogue.network.currency,
        now=acting.now,
        by=acting.caller.actor,
    )
    if not await rows.close(tx, acting.network_id, closed):
        raise ClosedBefore("This day was closed before")
    told = ClosedDay.model_validate(closed.model_dump(exclude={"note"}))
    event = DayClosed(network_id=acting.network_id, occurred_at=acting.now, version=1, closing=told)
    await outbox.record(tx, event)
    return closed
