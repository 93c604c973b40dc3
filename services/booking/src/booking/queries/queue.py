"""The live board of a branch's queue."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules import queue as rules
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may, may
from booking.rules.queue import Ticket
from booking.tables import queue as rows
from common.caller import Caller
from common.contracts.booking import Queue, ShowQueue
from common.contracts.booking import Ticket as Told
from common.errors import UnknownThing


async def show(
    tx: AsyncConnection, query: ShowQueue, caller: Caller, catalogue: Catalogue, *, now: datetime
) -> Queue:
    """Who is called and who waits; everybody may see the numbers, staff of the branch whose they are."""
    expect_may(caller, "find")
    branch = catalogue.branch(query.branch_id)
    day = query.day or local_date(now, branch)
    tickets = await rows.of_day(tx, caller.network_id, branch.branch_id, day)
    named = may(caller, "read-queue", branch_id=branch.branch_id)
    waiting = rules.placed(tickets, now=now)
    called = [one.told() for one in tickets if one.status == "called"]
    return Queue(
        branch_id=branch.branch_id,
        day=day,
        called=called if named else [_unnamed(one) for one in called],
        waiting=waiting if named else [_unnamed(one) for one in waiting],
        served=sum(one.status == "served" for one in tickets),
        wait_minutes=rules.pace(tickets, now=now).wait(len(waiting) + 1),
    )


async def one(tx: AsyncConnection, ticket_id: UUID, caller: Caller, *, now: datetime) -> Told:
    """A number with its place; whoever knows its id may follow it, without learning whose it is."""
    ticket: Ticket | None = await rows.find(tx, caller.network_id, ticket_id)
    if ticket is None:
        raise UnknownThing("ticket", ticket_id)
    today = await rows.of_day(tx, caller.network_id, ticket.branch_id, ticket.day)
    found = rules.shown(ticket, today, now=now)
    return found if may(caller, "read-queue", branch_id=ticket.branch_id) else _unnamed(found)


def _unnamed(ticket: Told) -> Told:
    return ticket.model_copy(update={"patient_id": None})
