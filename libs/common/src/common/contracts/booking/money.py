"""What visits cost, what was paid for them, and the close of a day."""

from datetime import date
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from common.contracts.booking.states import AppointmentRecord, Instalment, PaymentMethod, VisitState
from common.contracts.messages import Command, Event, Message, Query

MOST = 10**12


class Paid(Message):
    """What was paid at the desk."""

    amount: int = Field(ge=0, le=MOST)
    currency: str = Field(min_length=3, max_length=3)
    method: PaymentMethod = "other"


class RecordPayment(Command[AppointmentRecord]):
    """Money for a visit, or before it a deposit, which stays with the appointment wherever it moves.

    `branch_id` is where it was taken, the visit's branch where it is left out. Refused: `unknown-visit`,
    `wrong-currency`, `illegal-transition` (there will be no visit).
    """

    subject: ClassVar[str] = "booking.command.visit.pay.v1"
    visit_id: UUID
    paid: Paid
    branch_id: UUID | None = None
    if_version: int | None = None


class RefundPayment(Command[AppointmentRecord]):
    """Money goes back: an entry of its own. With `lowers_price` the visit costs that much less from now on; else
    what was refunded is open again. Refused: `more-than-was-paid` (extra `paid`), `wrong-currency`.
    """

    subject: ClassVar[str] = "booking.command.visit.refund.v1"
    visit_id: UUID
    amount: int = Field(gt=0, le=MOST)
    currency: str = Field(min_length=3, max_length=3)
    method: PaymentMethod
    reason: str = Field(min_length=1, max_length=200)
    lowers_price: bool = False
    branch_id: UUID | None = None
    if_version: int | None = None


class ReversePayment(Command[AppointmentRecord]):
    """Undo a wrong payment or refund by a counter-entry: nothing is edited. Reception undoes its own of the same day.

    Refused: `unknown-payment`, `not-reversible` (undone before, or itself such an entry), `more-than-was-paid`
    (extra `paid`: some of it has gone back by now).
    """

    subject: ClassVar[str] = "booking.command.payment.reverse.v1"
    visit_id: UUID
    payment_id: UUID
    reason: str = Field(min_length=1, max_length=200)
    if_version: int | None = None


class MoveCredit(Command[AppointmentRecord]):
    """What was paid for one appointment and is not owed there pays for another; all of it without `amount`.

    Answers with the one it went to. Refused: `more-than-was-paid` (extra `paid`), `illegal-transition` (there will
    be no visit), `another-patient` for those who may not refund.
    """

    subject: ClassVar[str] = "booking.command.credit.move.v1"
    visit_id: UUID
    to_visit_id: UUID
    amount: int | None = Field(default=None, gt=0, le=MOST)
    if_version: int | None = None

    @model_validator(mode="after")
    def _elsewhere(self) -> Self:
        if self.visit_id == self.to_visit_id:
            raise ValueError("money moves to another visit")
        return self


class PutInstalments(Command[AppointmentRecord]):
    """Agree on when the open part of a visit is paid, in place of what was agreed before.

    Refused: `unknown-visit`, `instalments-do-not-sum` (extra `open`), `instalments-out-of-order` (days ascend, none
    has gone by).
    """

    subject: ClassVar[str] = "booking.command.instalments.put.v1"
    visit_id: UUID
    instalments: list[Instalment] = Field(min_length=1, max_length=60)
    if_version: int | None = None


# --- what patients owe ----------------------------------------------------------------------------------


class PatientBalance(Message):
    """One patient's money in one currency, in minor units.

    `balance` is prices of visits that took place, less payments, plus refunds: `owes - credit - deposits`.
    `owes` is open for visits, `overdue` the part of it that is due by now; `credit` is owed to the patient (for
    cancelled or missed appointments, or paid beyond the price); `deposits` wait for visits to come.
    """

    patient_id: UUID
    currency: str
    charged: int
    paid: int
    balance: int
    owes: int
    overdue: int
    credit: int
    deposits: int


class Balances(Message):
    """A patient without money has no row."""

    balances: list[PatientBalance]


class BalanceOf(Query[Balances]):
    """What patients owe and are owed, several in one question."""

    subject: ClassVar[str] = "booking.query.balance.of.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=500)


PaymentStatus = Literal["free", "unpaid", "partly-paid", "paid", "overpaid", "refunded"]


class VisitLine(Message):
    """One visit as a card shows it; names as the directory has them now."""

    visit: VisitState
    service: dict[str, str]
    practitioner: str
    payment_status: PaymentStatus


class VisitTotals(Message):
    """Visits of one currency, and what they came to."""

    currency: str
    visits: int
    charged: int
    paid: int


class PatientVisits(Message):
    """Newest first; `totals` per currency."""

    visits: list[VisitLine]
    totals: list[VisitTotals]


class VisitsOfPatient(Query[PatientVisits]):
    """The visits of one patient (and the ids merged into it) that took place, with what was paid."""

    subject: ClassVar[str] = "booking.query.visits.of-patient.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=100)


# --- the close of a day ---------------------------------------------------------------------------------


class TillLine(Message):
    """What one person took and gave back by one method, in minor units; a reversal undoes what it reverses."""

    method: PaymentMethod
    by: str
    received: int
    refunded: int


class ClosedDay(Message):
    """A day that was closed, as it was then. `left_open` are visits that nobody had said the end of."""

    closing_id: UUID
    branch_id: UUID
    day: date
    closed_at: AwareDatetime
    closed_by: str
    currency: str
    till: list[TillLine]
    expected_cash: int
    counted_cash: int
    difference: int
    left_open: list[UUID] = Field(default_factory=list)


class Closing(ClosedDay):
    """With what was noted of it, which is for those who ask, and never on the bus."""

    note: str = ""


class ClosingDay(Message):
    """What has to be looked at before a day is closed; afterwards its `till` stays as it was.

    `expected_cash` is cash taken less cash given back: change that lay in the till before is not counted.
    """

    branch_id: UUID
    day: date
    currency: str
    closing: Closing | None
    unclosed: list[AppointmentRecord]
    """Visits whose time is over and whose end nobody has told."""
    till: list[TillLine]
    expected_cash: int
    debts: list[VisitState]
    """Visits of the day that are not paid in full."""
    unconfirmed: list[AppointmentRecord]
    """Of the next day."""


class DayClose(Query[ClosingDay]):
    """One branch's local day. Money that comes after its close belongs to the next open day. Refused: `unknown-branch`."""

    subject: ClassVar[str] = "booking.query.day-close.v1"
    branch_id: UUID
    day: date


class CloseDay(Command[Closing]):
    """Nothing of the day's till changes from here on.

    Refused: `day-closed`, `day-not-begun`, `visits-open` (extra `appointment_ids`; `leave_open` closes all the same),
    `note-needed` (extra `expected_cash`, `difference`: what was counted is something else).
    """

    subject: ClassVar[str] = "booking.command.day.close.v1"
    closing_id: UUID
    branch_id: UUID
    day: date
    counted_cash: int = Field(ge=0, le=MOST)
    note: str = Field(default="", max_length=500)
    leave_open: bool = False


class DayClosed(Event):
    """A branch has closed a day: what was said of its visits is meant, and its till stays as it is."""

    subject: ClassVar[str] = "booking.event.day.closed.v1"
    closing: ClosedDay
