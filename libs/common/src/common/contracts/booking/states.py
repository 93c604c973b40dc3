"""What appointments, slots and visits are: the values that messages carry."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Message, Money

Status = Literal["held", "booked", "confirmed", "arrived", "fulfilled", "noshow", "cancelled", "displaced"]
"""As FHIR names them, where it does: `booked` waits for the patient's word, `confirmed` has it."""


Source = Literal[
    "site",
    "phone",
    "whatsapp",
    "instagram",
    "telegram",
    "line",
    "listing",
    "desk",
    "walk-in",
    "recall",
    "api",
]
"""The channel a booking came by (2GIS and Google Maps are `listing`)."""


class Slot(Message):
    """A time that can be booked; instants in UTC."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    branch_id: UUID
    practitioner_id: UUID


class AppointmentState(Message):
    """Everything about an appointment that is not personal. `sequence` counts moves (iCalendar)."""

    appointment_id: UUID
    patient_id: UUID
    status: Status
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    branch_id: UUID
    practitioner_id: UUID
    service_id: UUID
    room_id: UUID | None = None
    source: Source
    sequence: int = 0
    campaign_id: UUID | None = None
    booked_by: UUID | None = None
    """The patient who booked for this one (a parent, a daughter), where it was someone else."""
    cancel_reason: str | None = None
    late_cancel: bool = False
    created_at: AwareDatetime
    confirmed_at: AwareDatetime | None = None
    overbooked: bool = False
    """Deliberately beside another visit; why is kept with the appointment."""
    held_until: AwareDatetime | None = None
    """Until when a hold keeps its time."""
    series_id: UUID | None = None


class AppointmentRecord(Message):
    """An appointment as its owner shows it, with version and money."""

    appointment: AppointmentState
    version: int
    visit: "VisitState | None" = None
    deposit: "Deposit | None" = None


PaymentMethod = Literal["cash", "card", "transfer", "other"]

EntryKind = Literal["payment", "refund", "reversal", "moved"]
"""`reversal` undoes a wrong entry; `moved` is money that went from one visit to another and met no till."""


class Payment(Message):
    """One entry of what came or went for a visit. Amounts are positive: which way is said by the list it stands in.

    `reason` is in answers only, since people write into it what they like.
    """

    amount: Money
    method: PaymentMethod = "other"
    paid_at: AwareDatetime
    payment_id: UUID | None = None
    kind: EntryKind = "payment"
    reason: str = ""
    reverses: UUID | None = None
    """The entry that a reversal undoes."""
    other_visit_id: UUID | None = None
    """Where moved money came from or went to."""


class Instalment(Message):
    """A part of what is open for a visit, in minor units, and the last day on which it is paid in time."""

    due_on: date
    amount: int = Field(gt=0, le=10**12)


class Deposit(Message):
    """Money for an appointment that is no visit (yet).

    Where it will be none (`cancelled`, `noshow`) the patient is owed it.
    """

    paid: Money
    payments: list[Payment]
    refunds: list[Payment]


class VisitState(Message):
    """A visit: the appointment that took place. `visit_id` equals the appointment's id.

    `paid` is payments less refunds, `balance` what is open: price less paid, below zero where too much was paid,
    None where the visit has no price.
    """

    visit_id: UUID
    appointment_id: UUID
    patient_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    service_id: UUID
    service_kind: str
    starts_at: AwareDatetime
    completed_at: AwareDatetime
    price: Money | None = None
    list_price: Money | None = None
    """The catalogue's price, where the visit's is another; `price_reason`, in answers only, says why."""
    price_reason: str | None = None
    paid: Money | None = None
    payments: list[Payment] = Field(default_factory=list)
    refunds: list[Payment] = Field(default_factory=list)
    balance: Money | None = None
    instalments: list[Instalment] = Field(default_factory=list)


class HeldOffer(Message):
    """A slot that is held for one patient until an instant, under the id `hold_id`."""

    hold_id: UUID
    slot: Slot
    held_until: AwareDatetime
