"""Appointments: their states, what changes them, and what is told of it."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.booking.money import Paid
from common.contracts.booking.states import (
    AppointmentRecord,
    AppointmentState,
    Deposit,
    Slot,
    Source,
    Status,
    VisitState,
)
from common.contracts.messages import Command, Event, Message, Money, Query


class BookAppointment(Command[AppointmentRecord]):
    """Take a slot. Refused, with other slots that this patient can have (extra `alternatives`): `slot-taken`,
    `patient-busy`, `slot-in-the-past`, `outside-working-time`, `too-soon` (extra `earliest`), `too-far-ahead` (extra
    `horizon_days`), `off-the-grid` (extra `granularity`). Without: `not-offered` (service, branch or practitioner do
    not go together; extra `offers`: who performs it where), `unknown-branch|practitioner|service`.

    `walk_in` is bound by neither minimum notice nor grid and may start now. With the id of a hold, and its patient,
    service and place, it takes the hold up; refused `hold-over` where that has ended. With `overbook_reason` a taken
    time is shared on purpose, by those who may, in a room that is free or where the same practitioner is; refused
    `overbooked-enough` (extra `limit`), `practitioner-away`. These too come with `alternatives`.
    With `referral_id` it is what a referral asked for, which is `booked` by it; refused `referral-over` (extra
    `status`), `referral-does-not-fit`.
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
    referral_id: UUID | None = None
    walk_in: bool = False
    overbook_reason: str | None = Field(default=None, min_length=1, max_length=200)


class ConfirmAppointment(Command[AppointmentRecord]):
    """The patient will come. A second confirm answers the same. Refused: `illegal-transition`."""

    subject: ClassVar[str] = "booking.command.appointment.confirm.v1"
    appointment_id: UUID
    if_version: int | None = None


class CancelAppointment(Command[AppointmentRecord]):
    """Free the slot. `reason` is a code (`PatientReason`, `StaffReason`), else refused `reason-not-listed`.

    Patients are bound by the cancellation notice (`too-late-to-cancel`, extra `branch_phone`, `until`).
    """

    subject: ClassVar[str] = "booking.command.appointment.cancel.v1"
    appointment_id: UUID
    reason: str = Field(default="unspecified", max_length=100)
    if_version: int | None = None


class SeriesCollision(Message):
    """One visit of a series that could not be booked, with the code of the refusal and what would be possible.

    `starts_at` is None where the local time does not exist on that day (`no-such-time`: the clocks go forward).
    """

    number: int
    local: datetime
    starts_at: AwareDatetime | None
    code: str
    alternatives: list[Slot]


class SeriesBooked(Message):
    """What was booked, and what was not and why: nothing is skipped silently."""

    series_id: UUID
    booked: list[AppointmentRecord]
    collisions: list[SeriesCollision]


class BookSeries(Command[SeriesBooked]):
    """A visit every so many weeks or months at the same time on the branch's wall clock, one for each id.

    A month without the day has the visit on its last day. The service's horizon does not bind a series.
    """

    subject: ClassVar[str] = "booking.command.series.book.v1"
    series_id: UUID
    appointment_ids: list[UUID] = Field(min_length=2, max_length=52)
    patient_id: UUID
    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: AwareDatetime
    every: int = Field(ge=1, le=52)
    unit: Literal["week", "month"]
    source: Source = "desk"
    campaign_id: UUID | None = None


class RescheduleAppointment(Command[AppointmentRecord]):
    """Move to another time (and practitioner or branch); same refusals as booking, and as cancelling:
    `too-late-to-move` (extra `branch_phone`, `until`), `reason-not-listed`. Patients move one appointment so many
    times (`too-many-moves`, extra `limit`, `branch_phone`: they may still cancel, or call).
    """

    subject: ClassVar[str] = "booking.command.appointment.reschedule.v1"
    appointment_id: UUID
    starts_at: AwareDatetime
    practitioner_id: UUID | None = None
    branch_id: UUID | None = None
    reason: str = Field(default="unspecified", max_length=100)
    if_version: int | None = None


class CheckInAppointment(Command[AppointmentRecord]):
    """The patient has arrived."""

    subject: ClassVar[str] = "booking.command.appointment.check-in.v1"
    appointment_id: UUID
    if_version: int | None = None


class CompleteAppointment(Command[AppointmentRecord]):
    """The visit took place; `paid` is optional. Refused: `wrong-currency`, `illegal-transition`, `not-started`.

    `price` is what it costs, where that is not what the catalogue had when it was booked; then `price_reason` says
    why (`price-needs-reason`).
    """

    subject: ClassVar[str] = "booking.command.appointment.complete.v1"
    appointment_id: UUID
    paid: Paid | None = None
    price: Money | None = None
    price_reason: str | None = Field(default=None, min_length=1, max_length=200)
    if_version: int | None = None


class MarkNoShow(Command[AppointmentRecord]):
    """The patient did not come. Refused before the start: `not-started`."""

    subject: ClassVar[str] = "booking.command.appointment.no-show.v1"
    appointment_id: UUID
    if_version: int | None = None


class CorrectAppointment(Command[AppointmentRecord]):
    """Undo a wrong no-show, completion or check-in (audited): back to the status before it. Refused: `slot-taken`
    (extra `alternatives`) where somebody else has the time of a no-show by now."""

    subject: ClassVar[str] = "booking.command.appointment.correct.v1"
    appointment_id: UUID
    reason: str = Field(min_length=1, max_length=200)
    if_version: int | None = None


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


class AppointmentPaid(AppointmentEvent):
    """Money came or went for an appointment that is no visit (yet)."""

    subject: ClassVar[str] = "booking.event.appointment.paid.v1"
    deposit: Deposit


class VisitPaid(Event):
    """After the visit money came or went, or it was agreed when it will. `version` is the appointment's."""

    subject: ClassVar[str] = "booking.event.visit.paid.v1"
    visit: VisitState
