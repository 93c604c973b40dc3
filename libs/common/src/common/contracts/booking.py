"""Appointments, slots and visits, owned by booking."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Command, Event, Message, Money, Query

Status = Literal["held", "booked", "confirmed", "arrived", "fulfilled", "noshow", "cancelled", "displaced"]
"""As FHIR names them, where it does: `booked` waits for the patient's word, `confirmed` has it."""

Source = Literal[
    "site", "phone", "whatsapp", "instagram", "telegram", "listing", "desk", "walk-in", "recall", "api"
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


class AppointmentRecord(Message):
    """An appointment as its owner shows it, with version and money."""

    appointment: AppointmentState
    version: int
    visit: "VisitState | None" = None


class Payment(Message):
    """One part of what was paid."""

    amount: Money
    method: Literal["cash", "card", "transfer", "other"] = "other"
    paid_at: AwareDatetime


class VisitState(Message):
    """A visit: the appointment that took place. `visit_id` equals the appointment's id."""

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
    paid: Money | None = None
    payments: list[Payment] = Field(default_factory=list)


# --- commands -------------------------------------------------------------------------------------------


class BookAppointment(Command[AppointmentRecord]):
    """Take a slot. Refused: `slot-taken` (extra `alternatives`: slots), `slot-in-the-past`, `outside-working-time`,
    `too-soon`, `too-far-ahead`, `off-the-grid`, `not-offered` (service, branch or practitioner do not go together),
    `patient-busy`, `unknown-branch|practitioner|service`.

    `walk_in` is bound by neither minimum notice nor grid and may start now.
    """

    subject: ClassVar[str] = "booking.command.appointment.book.v1"
    appointment_id: UUID
    patient_id: UUID
    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: AwareDatetime
    source: Source
    utm: dict[str, str] = Field(default_factory=dict)
    campaign_id: UUID | None = None
    booked_by: UUID | None = None
    walk_in: bool = False


class ConfirmAppointment(Command[AppointmentRecord]):
    """The patient will come. A second confirm answers the same. Refused: `illegal-transition`."""

    subject: ClassVar[str] = "booking.command.appointment.confirm.v1"
    appointment_id: UUID
    if_version: int | None = None


class CancelAppointment(Command[AppointmentRecord]):
    """Free the slot. Patients are bound by the cancellation notice (`too-late-to-cancel`, extra `branch_phone`)."""

    subject: ClassVar[str] = "booking.command.appointment.cancel.v1"
    appointment_id: UUID
    reason: str = Field(default="unspecified", max_length=100)
    if_version: int | None = None


class RescheduleAppointment(Command[AppointmentRecord]):
    """Move to another time (and practitioner or branch); same refusals as booking, and `too-late-to-move`."""

    subject: ClassVar[str] = "booking.command.appointment.reschedule.v1"
    appointment_id: UUID
    starts_at: AwareDatetime
    practitioner_id: UUID | None = None
    branch_id: UUID | None = None
    if_version: int | None = None


class CheckInAppointment(Command[AppointmentRecord]):
    """The patient has arrived."""

    subject: ClassVar[str] = "booking.command.appointment.check-in.v1"
    appointment_id: UUID
    if_version: int | None = None


class Paid(Message):
    """What was paid at the desk."""

    amount: int = Field(ge=0, le=10**12)
    currency: str = Field(min_length=3, max_length=3)
    method: Literal["cash", "card", "transfer", "other"] = "other"


class CompleteAppointment(Command[AppointmentRecord]):
    """The visit took place; `paid` is optional. Refused: `wrong-currency`, `illegal-transition`, `not-started`."""

    subject: ClassVar[str] = "booking.command.appointment.complete.v1"
    appointment_id: UUID
    paid: Paid | None = None
    if_version: int | None = None


class MarkNoShow(Command[AppointmentRecord]):
    """The patient did not come. Refused before the start: `not-started`."""

    subject: ClassVar[str] = "booking.command.appointment.no-show.v1"
    appointment_id: UUID
    if_version: int | None = None


class CorrectAppointment(Command[AppointmentRecord]):
    """Undo a wrong no-show, completion or check-in (audited): back to the status before it."""

    subject: ClassVar[str] = "booking.command.appointment.correct.v1"
    appointment_id: UUID
    reason: str = Field(min_length=1, max_length=200)
    if_version: int | None = None


class RecordPayment(Command[AppointmentRecord]):
    """Money that came after the visit. Refused: `unknown-visit`, `wrong-currency`."""

    subject: ClassVar[str] = "booking.command.visit.pay.v1"
    visit_id: UUID
    paid: Paid


# --- queries --------------------------------------------------------------------------------------------


class FreeSlots(Message):
    """Slots in order of time, then practitioner."""

    slots: list[Slot]


class FindFreeSlots(Query[FreeSlots]):
    """What can be booked. `from_date` is a date at the branch (default today there). Refused: `unknown-service`…"""

    subject: ClassVar[str] = "booking.query.slots.find.v1"
    service_id: UUID
    branch_id: UUID | None = None
    practitioner_id: UUID | None = None
    from_date: date | None = None
    days: int = Field(default=7, ge=1, le=62)


class FindAlternatives(Query[FreeSlots]):
    """Other times for an appointment: same practitioner, then same branch, then soonest; at least three if any."""

    subject: ClassVar[str] = "booking.query.alternatives.find.v1"
    appointment_id: UUID
    limit: int = Field(default=6, ge=1, le=20)


class Appointments(Message):
    """Appointments with version; ids that do not exist in the network are left out."""

    appointments: list[AppointmentRecord]


class GetAppointments(Query[Appointments]):
    """Several appointments by id, in one question."""

    subject: ClassVar[str] = "booking.query.appointments.get.v1"
    appointment_ids: list[UUID] = Field(max_length=500)


class AppointmentsOfPatient(Query[Appointments]):
    """All appointments of one patient (and the ids merged into it), newest first."""

    subject: ClassVar[str] = "booking.query.appointments.of-patient.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=100)


class DayBoard(Query[Appointments]):
    """One branch's day in local time, by start; cancelled ones are included. Refused: `unknown-branch`."""

    subject: ClassVar[str] = "booking.query.day-board.v1"
    branch_id: UUID
    day: date


class ReportRow(Message):
    """One line of a report: labels and numbers."""

    labels: dict[str, str]
    values: dict[str, float]


class Report(Message):
    """Totals and lines of a report."""

    kpi: str
    totals: dict[str, float]
    rows: list[ReportRow] = Field(default_factory=list)


class AskReport(Query[Report]):
    """`no-show`: totals booked, fulfilled, noshow, rate, lost (minor units), by practitioner;
    `sources`: appointments per source; `load`: booked and offered minutes per practitioner and day;
    `revenue`: paid per practitioner and service. Days are local to the branch, `to_date` included."""

    subject: ClassVar[str] = "booking.query.report.v1"
    kpi: Literal["no-show", "sources", "load", "revenue"]
    from_date: date
    to_date: date
    branch_id: UUID | None = None


# --- events ---------------------------------------------------------------------------------------------


class AppointmentEvent(Event):
    """What all appointment events carry: the whole state after the change."""

    appointment: AppointmentState


class AppointmentBooked(AppointmentEvent):
    """A slot was taken."""

    subject: ClassVar[str] = "booking.event.appointment.booked.v1"


class AppointmentConfirmed(AppointmentEvent):
    """The patient said they will come."""

    subject: ClassVar[str] = "booking.event.appointment.confirmed.v1"


class AppointmentRescheduled(AppointmentEvent):
    """It has another time."""

    subject: ClassVar[str] = "booking.event.appointment.rescheduled.v1"
    previous_starts_at: AwareDatetime


class AppointmentCancelled(AppointmentEvent):
    """The slot is free again."""

    subject: ClassVar[str] = "booking.event.appointment.cancelled.v1"


class AppointmentCheckedIn(AppointmentEvent):
    """The patient is here."""

    subject: ClassVar[str] = "booking.event.appointment.checked-in.v1"


class AppointmentMissed(AppointmentEvent):
    """The patient did not come."""

    subject: ClassVar[str] = "booking.event.appointment.missed.v1"


class AppointmentCorrected(AppointmentEvent):
    """A wrong transition was undone; the state says where it stands now."""

    subject: ClassVar[str] = "booking.event.appointment.corrected.v1"
    corrected_from: Status


class VisitCompleted(AppointmentEvent):
    """The visit took place. `version` is the appointment's."""

    subject: ClassVar[str] = "booking.event.visit.completed.v1"
    visit: VisitState


class VisitPaid(Event):
    """Money came after the visit. `version` is the appointment's."""

    subject: ClassVar[str] = "booking.event.visit.paid.v1"
    visit: VisitState
