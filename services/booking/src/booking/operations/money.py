"""Money for visits: each act locks the visit, asks the rule, adds to the ledger, and tells once.

Two desks at one visit wait for each other at its row, so that no refund sees money that another one gives back.
"""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.rules import appointment as appointment_rules
from booking.rules import money as rules
from booking.rules import telling
from booking.rules import till as till_rules
from booking.rules.appointment import Appointment
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue, expect_currency
from booking.rules.ledger import Till
from booking.rules.permissions import Deed, expect_may, may
from booking.tables import appointments, ledger
from booking.tables import till as till_rows
from common import outbox
from common.contracts.booking import (
    AppointmentPaid,
    AppointmentRecord,
    CompleteAppointment,
    MoveCredit,
    PutInstalments,
    RecordPayment,
    RefundPayment,
    ReversePayment,
    VisitPaid,
)

Order = RecordPayment | RefundPayment | ReversePayment | PutInstalments


async def pay(tx: AsyncConnection, acting: Acting, command: RecordPayment) -> AppointmentRecord:
    """Money for a visit, or a deposit for one to come."""
    catalogue, before = await _look(tx, acting, "pay", command, command.branch_id)
    expect_currency(command.paid.currency, catalogue.network)
    till = await _till(tx, acting, catalogue, command.branch_id or before.branch_id)
    return await _settle(
        tx, acting, catalogue, before, rules.pay(before, command.paid, command.command_id, till)
    )


async def refund(tx: AsyncConnection, acting: Acting, command: RefundPayment) -> AppointmentRecord:
    """Money goes back."""
    catalogue, before = await _look(tx, acting, "refund", command, command.branch_id)
    expect_currency(command.currency, catalogue.network)
    till = await _till(tx, acting, catalogue, command.branch_id or before.branch_id)
    return await _settle(tx, acting, catalogue, before, rules.refund(before, command, till))


async def reverse(tx: AsyncConnection, acting: Acting, command: ReversePayment) -> AppointmentRecord:
    """A wrong entry is undone, in the till where it was made."""
    catalogue, before = await _look(tx, acting, "pay", command)
    wrong = rules.entry_of(before, command.payment_id)
    till = await _till(tx, acting, catalogue, wrong.till.branch_id)
    only_own = not may(acting.caller, "refund", branch_id=wrong.till.branch_id)
    return await _settle(
        tx, acting, catalogue, before, rules.reverse(before, command, till, only_own=only_own)
    )


async def move(tx: AsyncConnection, acting: Acting, command: MoveCredit) -> AppointmentRecord:
    """What was paid for one appointment pays for another. Both are locked in one order, whichever way it goes."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    visits = {
        visit_id: await appointments.lock(tx, acting.network_id, visit_id, kind="visit")
        for visit_id in sorted([command.visit_id, command.to_visit_id])
    }
    for visit in visits.values():
        expect_may(acting.caller, "pay", branch_id=visit.branch_id)
    source, target = visits[command.visit_id], visits[command.to_visit_id]
    appointment_rules.expect_version(source, command.if_version)
    moved, topped_up = rules.move(
        source,
        target,
        command.amount,
        command.command_id,
        await _till(tx, acting, catalogue, source.branch_id),
        to_anybody=may(acting.caller, "refund", branch_id=source.branch_id),
    )
    await _settle(tx, acting, catalogue, source, moved)
    return await _settle(tx, acting, catalogue, target, topped_up)


async def agree(tx: AsyncConnection, acting: Acting, command: PutInstalments) -> AppointmentRecord:
    """When the open part of a visit will be paid."""
    catalogue, before = await _look(tx, acting, "pay", command)
    today = local_date(acting.now, catalogue.branch(before.branch_id))
    return await _settle(tx, acting, catalogue, before, rules.agree(before, command.instalments, today=today))


async def at_completion(
    tx: AsyncConnection,
    acting: Acting,
    catalogue: Catalogue,
    visit: Appointment,
    command: CompleteAppointment,
) -> Appointment:
    """The visit with its price and what was paid with its end, which is told together with that."""
    after = visit
    if command.price is not None:
        expect_may(acting.caller, "pay", branch_id=visit.branch_id)
        expect_currency(command.price.currency, catalogue.network)
        after = rules.reprice(after, command.price, command.price_reason)
    if command.paid is not None:
        expect_may(acting.caller, "pay", branch_id=visit.branch_id)
        expect_currency(command.paid.currency, catalogue.network)
        till = await _till(tx, acting, catalogue, visit.branch_id)
        after = rules.pay(after, command.paid, command.command_id, till)
    await _write(tx, visit, after)
    return after


async def _look(
    tx: AsyncConnection, acting: Acting, deed: Deed, command: Order, till_branch: UUID | None = None
) -> tuple[Catalogue, Appointment]:
    """The visit, locked, if the caller may do this in the till in question."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    visit = await appointments.lock(tx, acting.network_id, command.visit_id, kind="visit")
    expect_may(acting.caller, deed, branch_id=till_branch or visit.branch_id)
    appointment_rules.expect_version(visit, command.if_version)
    return catalogue, visit


async def _till(tx: AsyncConnection, acting: Acting, catalogue: Catalogue, branch_id: UUID) -> Till:
    """The till of a branch on its open day, which stays open until this transaction ends."""
    today = local_date(acting.now, catalogue.branch(branch_id))
    closed = await till_rows.closed_days(tx, acting.network_id, branch_id, today)
    return Till(branch_id, till_rules.open_day(today, closed), acting.now, acting.caller.actor)


async def _settle(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, before: Appointment, changed: Appointment
) -> AppointmentRecord:
    after = replace(changed, version=before.version + 1)
    await _write(tx, before, after)
    await outbox.record(tx, _told(acting, catalogue, after))
    return telling.record(after, service_kind=catalogue.service(after.service_id).kind)


async def _write(tx: AsyncConnection, before: Appointment, after: Appointment) -> None:
    await appointments.change(tx, after)
    for entry in after.entries[len(before.entries) :]:
        await ledger.add(tx, after.network_id, after.appointment_id, entry)


def _told(acting: Acting, catalogue: Catalogue, after: Appointment) -> VisitPaid | AppointmentPaid:
    visit = telling.visit(after, service_kind=catalogue.service(after.service_id).kind)
    if visit is not None:
        return VisitPaid(
            network_id=acting.network_id, occurred_at=acting.now, version=after.version, visit=visit
        )
    deposit = telling.deposit(after)
    assert deposit is not None, "something was entered"
    return AppointmentPaid(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=after.version,
        appointment=telling.state(after),
        deposit=deposit,
    )
