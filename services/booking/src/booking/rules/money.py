"""What may be done with the money of an appointment. Each act gives the appointment with what it adds to its ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from uuid import UUID

from booking.rules import ledger
from booking.rules.appointment import Appointment
from booking.rules.ledger import TO_COME, Entry, Till
from booking.rules.refusals import (
    AnotherPatient,
    IllegalTransition,
    InstalmentsDoNotSum,
    InstalmentsOutOfOrder,
    MoreThanWasPaid,
    NotReversible,
    PriceNeedsReason,
)
from common.contracts.booking import Instalment, Paid, RefundPayment, ReversePayment
from common.contracts.messages import Money
from common.errors import NotAllowed, UnknownThing


def pay(appointment: Appointment, paid: Paid, entry_id: UUID, till: Till) -> Appointment:
    """Money for a visit, or a deposit for one to come."""
    _expect_payable(appointment)
    return _entered(appointment, Entry(entry_id, "payment", paid.amount, paid.currency, paid.method, till))


def refund(appointment: Appointment, wish: RefundPayment, till: Till) -> Appointment:
    """Money goes back, never more than was paid; the price of a visit may fall with it, but not below nothing."""
    _expect_paid(appointment, wish.amount)
    price = appointment.price if appointment.status == "fulfilled" and wish.lowers_price else None
    change = 0 if price is None else max(0, price - wish.amount) - price
    back = Entry(
        wish.command_id, "refund", -wish.amount, wish.currency, wish.method, till, reason=wish.reason,
        price_change=change,
    )  # fmt: skip
    return _entered(_price_moved(appointment, change, wish.reason), back)


def reverse(appointment: Appointment, wish: ReversePayment, till: Till, *, only_own: bool) -> Appointment:
    """Undo an entry that should not have been made.

    `only_own`: whoever may not refund undoes what they took themselves, as long as it is in the day's till.
    """
    wrong = ledger.reversible(appointment.entries, wish.payment_id)
    if wrong is None:
        raise NotReversible("It was undone before, or cannot be")
    if only_own and (wrong.kind, wrong.till.by, wrong.till.day) != ("payment", till.by, till.day):
        raise NotAllowed("Only what you took yourself, on the day you took it")
    _expect_paid(appointment, wrong.amount)
    counter = Entry(
        wish.command_id, "reversal", -wrong.amount, wrong.currency, wrong.method, till, reason=wish.reason,
        reverses=wrong.entry_id, price_change=-wrong.price_change,
    )  # fmt: skip
    return _entered(_price_moved(appointment, -wrong.price_change, wish.reason), counter)


def entry_of(appointment: Appointment, payment_id: UUID) -> Entry:
    """Or `unknown-payment`."""
    for entry in appointment.entries:
        if entry.entry_id == payment_id:
            return entry
    raise UnknownThing("payment", payment_id)


def move(
    source: Appointment,
    target: Appointment,
    amount: int | None,
    entry_id: UUID,
    till: Till,
    *,
    to_anybody: bool,
) -> tuple[Appointment, Appointment]:
    """What is not owed for one appointment pays for another; no till sees it."""
    if source.patient_id != target.patient_id and not to_anybody:
        raise AnotherPatient("Money goes to another patient's visit by those who may refund it")
    _expect_payable(target)
    credit = max(0, -source.account.open)
    moved = credit if amount is None else amount
    if not 0 < moved <= credit:
        raise MoreThanWasPaid("There is not as much to move", paid=credit)
    away = Entry(
        entry_id, "moved", -moved, source.currency, "other", till, other_visit_id=target.appointment_id
    )
    here = replace(away, amount=moved, other_visit_id=source.appointment_id)
    return _entered(source, away), _entered(target, here)


def reprice(appointment: Appointment, price: Money, reason: str | None) -> Appointment:
    """The visit costs something else than the catalogue said, whose price is kept beside it."""
    if appointment.price not in {None, price.amount} and not reason:
        raise PriceNeedsReason("Say why the price is not the catalogue's")
    listed = appointment.price if appointment.list_price is None else appointment.list_price
    changed = listed not in {None, price.amount}
    return replace(
        appointment,
        price=price.amount,
        currency=price.currency,
        list_price=listed if changed else None,
        price_reason=reason if changed else None,
    )


def agree(appointment: Appointment, instalments: Sequence[Instalment], *, today: date) -> Appointment:
    """When the open part of a visit is paid: the parts sum to it, in the order of their days."""
    if appointment.status != "fulfilled":
        raise UnknownThing("visit", appointment.appointment_id)
    days = [part.due_on for part in instalments]
    if days[0] < today or any(later <= earlier for earlier, later in pairwise(days)):
        raise InstalmentsOutOfOrder("The days follow each other, and none has gone by")
    still_open = max(0, appointment.account.open)
    if sum(part.amount for part in instalments) != still_open:
        raise InstalmentsDoNotSum("The parts do not sum to what is open", open=still_open)
    return replace(appointment, instalments=tuple(instalments))


def _entered(appointment: Appointment, entry: Entry) -> Appointment:
    return replace(
        appointment,
        entries=(*appointment.entries, entry),
        currency=appointment.currency or entry.currency,
    )


def _expect_payable(appointment: Appointment) -> None:
    """A visit, or one to come; for a hold there is none yet (`unknown-visit`)."""
    if appointment.version == 0:
        raise UnknownThing("visit", appointment.appointment_id)
    if appointment.status != "fulfilled" and appointment.status not in TO_COME:
        raise IllegalTransition(
            f"There is nothing to pay for: the appointment is {appointment.status}",
            status=appointment.status,
            act="pay",
        )


def _expect_paid(appointment: Appointment, amount: int) -> None:
    if amount > appointment.paid:
        raise MoreThanWasPaid("There is not as much to give back", paid=appointment.paid)


def _price_moved(appointment: Appointment, change: int, reason: str) -> Appointment:
    if not change or appointment.price is None:
        return appointment
    price = Money(amount=appointment.price + change, currency=appointment.currency)
    return reprice(appointment, price, reason)
