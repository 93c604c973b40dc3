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
from common.contracts.booking import Queue, QueueNumber, ShowQueue
from common.contracts.booking import Ticket as Told
from common.errors import UnknownThing


async def show(
    tx: AsyncConnection, query: ShowQueue, caller: Caller, catalogue: Catalogue, *, now: datetime
) -> Queue:
    """Who is called and who waits; everybody may see the numbers, staff of the branch whose they are.

    Ids are for staff: who has one may give the number back.
    """
    expect_may(caller, "find")
    branch = catalogue.branch(query.branch_id)
    day = query.day or local_date(now, branch)
    tickets = await rows.of_day(tx, caller.network_id, branch.branch_id, day)
    waiting = rules.placed(tickets, now=now)
    called = [one.told() for one in tickets if one.status == "called"]
    return Queue(
        branch_id=branch.branch_id,
        day=day,
        called=[_seen_by(caller, one) for one in called],
        waiting=[_seen_by(caller, one) for one in waiting],
        served=sum(one.status == "served" for one in tickets),
        wait_minutes=rules.pace(tickets, now=now).wait(len(waiting) + 1),
    )


async def one(tx: AsyncConnection, ticket_id: UUID, caller: Caller, *, now: datetime) -> Told:
    """A number with its place; whoever knows its id may follow it, without learning whose it is."""
    ticket: Ticket | None = await rows.find(tx, caller.network_id, ticket_id)
    if ticket is None:
        raise UnknownThing("ticket", ticket_id)
    today = await rows.of_day(tx, caller.network_id, ticket.branch_id, ticket.day)
    return _named_to(caller, rules.shown(ticket, today, now=now))


def _seen_by(caller: Caller, ticket: Told) -> Told | QueueNumber:
    named = _named_to(caller, ticket)
    return QueueNumber(**named.model_dump(exclude={"ticket_id"})) if caller.is_patient else named


def _named_to(caller: Caller, ticket: Told) -> Told:
    """With whose it is, where the caller may know that."""
    if may(caller, "read-queue", branch_id=ticket.branch_id):
        return ticket
    return ticket.model_copy(update={"patient_id": None})
