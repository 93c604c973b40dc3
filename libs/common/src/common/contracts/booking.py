"""Appointments, slots and visits, owned by booking."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from common.contracts.messages import Command, Done, Event, Message, Money, Query
from common.contracts.patient_profile import TaskKind

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

    `walk_in` is bound by neither minimum notice nor grid and may start now. With the id of a hold, and its patient,
    service and place, it takes the hold up; refused `hold-over` where that has ended. With `overbook_reason` a taken
    time is shared on purpose, by those who may; refused `overbooked-enough` (extra `limit`).
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
    overbook_reason: str | None = Field(default=None, min_length=1, max_length=200)


class HoldSlot(Command[AppointmentRecord]):
    """Keep a slot for a patient for some minutes; `BookAppointment` with the same id takes it up.

    Nobody is told of a hold: its version is 0. Same refusals as booking.
    """

    subject: ClassVar[str] = "booking.command.slot.hold.v1"
    appointment_id: UUID
    patient_id: UUID
    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: AwareDatetime
    source: Source = "desk"
    minutes: int = Field(default=10, ge=1, le=3 * 24 * 60)


class ReleaseHold(Command[Done]):
    """Give a held time back. One that has ended already stays ended. Refused: `illegal-transition` once booked."""

    subject: ClassVar[str] = "booking.command.slot.release.v1"
    appointment_id: UUID


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


AbsenceReason = Literal["holiday", "illness", "training", "closed", "other"]


class AbsenceRange(Message):
    """Time in which a practitioner is away, or (`branch_id`) a branch is closed: exactly one of both."""

    practitioner_id: UUID | None = None
    branch_id: UUID | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.practitioner_id is None) is (self.branch_id is None):
            raise ValueError("give either practitioner_id or branch_id")
        if not timedelta(0) < self.ends_at - self.starts_at <= timedelta(days=366):
            raise ValueError("an absence ends after it starts, within a year")
        return self


class AffectedAppointment(Message):
    """An appointment that an absence would displace, with what could be had instead."""

    appointment: AppointmentState
    version: int
    alternatives: list[Slot]
    colleagues: list[UUID]
    """Practitioners who could take it over at the same time and place."""


class AbsencePlan(Message):
    """What an absence would mean. `begun` are visits in its time that have begun or taken place: they stay."""

    affected: list[AffectedAppointment]
    begun: list[UUID]


class AbsenceChoice(Message):
    """What becomes of one appointment: its patient is written to, is called, or goes to a colleague."""

    appointment_id: UUID
    choice: Literal["message", "call", "reassign"]
    practitioner_id: UUID | None = None
    """The colleague, for `reassign`."""


class HeldOffer(Message):
    """A slot that is held for one patient until an instant, under the id `hold_id`."""

    hold_id: UUID
    slot: Slot
    held_until: AwareDatetime


class Displacement(Message):
    """What became of one appointment."""

    record: AppointmentRecord
    choice: Literal["message", "call", "reassign"]
    offers: list[HeldOffer]
    answer_by: AwareDatetime | None


class AbsenceSaved(Message):
    """What this command displaced; what an earlier one did is not told again."""

    absence_id: UUID
    displacements: list[Displacement]


class PutAbsence(Command[AbsenceSaved]):
    """Take the time out of the schedule at once. Appointments in it become `displaced` and alternatives are held for
    each patient separately, or they go to a colleague; `otherwise` is for those without a choice. A displaced
    appointment is moved by `RescheduleAppointment`, which may go to one of its held times.

    Refused: `not-reassignable` (extra `appointment_id`, `why`), in which case nothing has changed.
    """

    subject: ClassVar[str] = "booking.command.absence.put.v1"
    absence_id: UUID
    range: AbsenceRange
    reason: AbsenceReason = "other"
    choices: list[AbsenceChoice] = Field(default_factory=list, max_length=1000)
    otherwise: Literal["message", "call"] = "call"
    answer_hours: int = Field(default=24, ge=1, le=14 * 24)


class EndAbsence(Command[Done]):
    """The rest of an absence, or one saved by mistake, is working time again. Displaced ones stay displaced."""

    subject: ClassVar[str] = "booking.command.absence.end.v1"
    absence_id: UUID


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


WaitlistStatus = Literal["waiting", "offered", "booked", "left", "over"]


class WaitlistOffer(Message):
    """A slot that is held for one entry; `AcceptOffer` books it under the id `offer_id`."""

    offer_id: UUID
    slot: Slot
    expires_at: AwareDatetime


class WaitlistEntry(Message):
    """Who waits for what, in which days and local times (`to_time` None: until the day ends).

    `over` is an entry whose days have gone by.
    """

    entry_id: UUID
    version: int
    status: WaitlistStatus
    patient_id: UUID
    service_id: UUID
    branch_id: UUID | None
    practitioner_id: UUID | None
    from_date: date
    to_date: date
    from_time: time
    to_time: time | None
    joined_at: AwareDatetime
    offer: WaitlistOffer | None = None
    appointment_id: UUID | None = None


class JoinWaitlist(Command[WaitlistEntry]):
    """Wait for a slot to be freed. Refused: `unknown-…`, `not-offered`, `waitlist-window` (the days are over)."""

    subject: ClassVar[str] = "booking.command.waitlist.join.v1"
    entry_id: UUID
    patient_id: UUID
    service_id: UUID
    branch_id: UUID | None = None
    practitioner_id: UUID | None = None
    from_date: date
    to_date: date
    from_time: time = time(0)
    to_time: time | None = None


class LeaveWaitlist(Command[WaitlistEntry]):
    """Wait no longer; what was offered goes to the next. Refused: `illegal-transition` once booked."""

    subject: ClassVar[str] = "booking.command.waitlist.leave.v1"
    entry_id: UUID


class AcceptOffer(Command[AppointmentRecord]):
    """Book what was offered. Refused once it has run out or gone to the next: `offer-over` (extra `alternatives`)."""

    subject: ClassVar[str] = "booking.command.offer.accept.v1"
    offer_id: UUID


class DeclineOffer(Command[WaitlistEntry]):
    """Not this one: it goes to the next, and the entry waits for another. Refused: `offer-over`."""

    subject: ClassVar[str] = "booking.command.offer.decline.v1"
    offer_id: UUID


class BusyConflict(Message):
    """Where another calendar is busy and an appointment stands here: a person has to decide."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    appointment_id: UUID


class BusyImported(Message):
    """`blocked` stretches of time are taken out of the schedule; conflicts are listed, and left as they are."""

    blocked: int
    conflicts: list[BusyConflict]


class ImportBusyTimes(Command[BusyImported]):
    """Take what another system's calendar (iCalendar) says is busy out of a practitioner's schedule, from now on.

    It replaces what the same `calendar_id` said before. Only times are kept, never what they are about. Refused:
    `malformed-calendar`.
    """

    subject: ClassVar[str] = "booking.command.busy-times.import.v1"
    calendar_id: UUID
    practitioner_id: UUID
    calendar: str = Field(max_length=500_000)
    days: int = Field(default=180, ge=1, le=366)


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


class Waitlist(Message):
    """Entries in the order in which they joined."""

    entries: list[WaitlistEntry]


class ListWaitlist(Query[Waitlist]):
    """Who waits (`open`: waiting or offered), or everybody of the last joined."""

    subject: ClassVar[str] = "booking.query.waitlist.list.v1"
    branch_id: UUID | None = None
    patient_id: UUID | None = None
    open: bool = True
    limit: int = Field(default=200, ge=1, le=500)


class DescribeAbsence(Query[AbsencePlan]):
    """The dry run of `PutAbsence`: nothing is held or changed."""

    subject: ClassVar[str] = "booking.query.absence.describe.v1"
    range: AbsenceRange


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
    `sources`: appointments per source; `load`: booked and offered minutes per practitioner and day
    (`overbooked` of the booked ones on purpose beside another visit);
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


class AppointmentDisplaced(AppointmentEvent):
    """The clinic cannot keep its time: reminders pause. `offers` are held for this patient alone until `answer_by`;
    then, or at once for `call`, staff is asked to call."""

    subject: ClassVar[str] = "booking.event.appointment.displaced.v1"
    absence_id: UUID
    choice: Literal["message", "call"]
    offers: list[HeldOffer]
    answer_by: AwareDatetime


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


class TaskRaised(Event):
    """A person is needed; patient-profile owns the queue. The same shape as every service's own."""

    subject: ClassVar[str] = "booking.event.task.raised.v1"
    task_id: UUID
    kind: TaskKind
    patient_id: UUID | None
    appointment_id: UUID | None
    branch_id: UUID | None
    due_at: AwareDatetime
    reason: str = Field(max_length=200)
    """A code or a fixed phrase, never a patient's words."""


class WaitlistEvent(Event):
    """What all events of the waitlist carry: the entry after the change."""

    entry: WaitlistEntry


class WaitlistJoined(WaitlistEvent):
    """Somebody waits."""

    subject: ClassVar[str] = "booking.event.waitlist.joined.v1"


class WaitlistOffered(WaitlistEvent):
    """A freed slot is held for this entry alone, until the offer expires."""

    subject: ClassVar[str] = "booking.event.waitlist.offered.v1"


class WaitlistOfferEnded(WaitlistEvent):
    """The offer ran out, was declined, or the clinic lost the time; the entry waits on."""

    subject: ClassVar[str] = "booking.event.waitlist.offer-ended.v1"
    offer: WaitlistOffer
    why: Literal["expired", "declined"]


class WaitlistFilled(WaitlistEvent):
    """The offer was accepted: `entry.appointment_id` is booked."""

    subject: ClassVar[str] = "booking.event.waitlist.filled.v1"


class WaitlistLeft(WaitlistEvent):
    """The entry waits no longer: by its own wish, or because its days have gone by."""

    subject: ClassVar[str] = "booking.event.waitlist.left.v1"
