"""The queue of those who come without an appointment: drawing a number, calling it, ending it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.rules import queue as rules
from booking.rules.booking import local_date
from booking.rules.permissions import expect_may
from booking.rules.queue import Ticket
from booking.rules.refusals import QueueEmpty
from booking.tables import queue as rows
from common import outbox
from common.contracts.booking import (
    CallTicket,
    EndTicket,
    TakeTicket,
    TicketCalled,
    TicketEnded,
    TicketEvent,
    TicketTaken,
)
from common.contracts.booking import Ticket as Told
from common.errors import UnknownThing


async def take(tx: AsyncConnection, acting: Acting, command: TakeTicket) -> Told:
    """Draw the next number; a patient who has one keeps it."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    branch = catalogue.branch(command.branch_id)
    expect_may(acting.caller, "draw-number", branch_id=branch.branch_id, patient_id=command.patient_id)
    if command.service_id is not None:
        service = catalogue.service(command.service_id)
        catalogue.expect_offered([service], branch_id=branch.branch_id, practitioner_id=None)
    day = rules.expect_open(branch, acting.now)
    # Drawn first: its lock makes two requests of one patient wait for each other, so that the second sees the first.
    number = await rows.draw(tx, acting.network_id, branch.branch_id, day)
    if command.patient_id is not None:
        known = await rows.open_of_patient(tx, acting.network_id, branch.branch_id, day, command.patient_id)
        if known is not None:
            return await _placed(tx, acting, known)
    ticket = Ticket(
        network_id=acting.network_id,
        ticket_id=command.ticket_id,
        version=1,
        status="waiting",
        branch_id=branch.branch_id,
        day=day,
        number=number,
        service_id=command.service_id,
        patient_id=command.patient_id,
        issued_at=acting.now,
    )
    await rows.add(tx, ticket)
    return await _tell(tx, acting, ticket, TicketTaken)


async def call(tx: AsyncConnection, acting: Acting, command: CallTicket) -> Told:
    """The next of today, or a certain one; two who call at the same moment never call the same.

    Whoever still waits when the branch closes is called all the same.
    """
    catalogue = await acting.directories.current(tx, acting.network_id)
    branch = catalogue.branch(command.branch_id)
    practitioner = catalogue.practitioner(command.practitioner_id)
    expect_may(
        acting.caller,
        "call-number",
        branch_id=branch.branch_id,
        practitioner_id=practitioner.practitioner_id,
    )
    day = local_date(acting.now, branch)
    if command.ticket_id is None:
        ticket = await rows.next_waiting(
            tx, acting.network_id, branch.branch_id, day, practitioner.service_ids
        )
        if ticket is None:
            raise QueueEmpty("Nobody waits")
    else:
        ticket = await _known(tx, acting, command.ticket_id)
        if (ticket.branch_id, ticket.day) != (branch.branch_id, day):
            raise UnknownThing("ticket", command.ticket_id)
    called = rules.call(ticket, practitioner.practitioner_id, now=acting.now)
    await rows.change(tx, called)
    return await _tell(tx, acting, called, TicketCalled)


async def end(tx: AsyncConnection, acting: Acting, command: EndTicket) -> Told:
    """Served, or gone."""
    ticket = await _known(tx, acting, command.ticket_id)
    leaves = command.outcome == "left" and acting.caller.is_patient  # whoever has the number may give it back
    expect_may(
        acting.caller,
        "draw-number" if leaves else "call-number",
        branch_id=ticket.branch_id,
        practitioner_id=ticket.practitioner_id,
    )
    if ticket.status == command.outcome:
        return ticket.told()
    ended = rules.end(ticket, command.outcome, now=acting.now)
    await rows.change(tx, ended)
    return await _tell(tx, acting, ended, TicketEnded)


async def _known(tx: AsyncConnection, acting: Acting, ticket_id: UUID) -> Ticket:
    ticket = await rows.find(tx, acting.network_id, ticket_id, lock=True)
    if ticket is None:
        raise UnknownThing("ticket", ticket_id)
    return ticket


async def _tell(tx: AsyncConnection, acting: Acting, ticket: Ticket, kind: type[TicketEvent]) -> Told:
    """Tell of it; returns it with its place."""
    await outbox.record(
        tx,
        kind(
            network_id=acting.network_id,
            occurred_at=acting.now,
            version=ticket.version,
            ticket=ticket.told(),
        ),
    )
    return await _placed(tx, acting, ticket)


async def _placed(tx: AsyncConnection, acting: Acting, ticket: Ticket) -> Told:
    today = await rows.of_day(tx, acting.network_id, ticket.branch_id, ticket.day)
    return rules.shown(ticket, today, now=acting.now)
