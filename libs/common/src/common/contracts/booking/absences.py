"""Time taken out of the schedule, and what becomes of the appointments in it."""

from datetime import timedelta
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from common.contracts.booking.appointments import AppointmentEvent
from common.contracts.booking.states import AppointmentRecord, AppointmentState, HeldOffer, Slot
from common.contracts.messages import Command, Done, Event, Message, Query

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
    """Take what another system's calendar (iCalendar, or FHIR R4 Slots and Appointments) says is busy out of a practitioner's schedule, from now on.

    It replaces what the same `calendar_id` said before. Only times are kept, never what they are about. Holds give way
    to it; what an appointment has stays closed behind it when that goes. Refused: `malformed-calendar`.
    """

    subject: ClassVar[str] = "booking.command.busy-times.import.v1"
    calendar_id: UUID
    practitioner_id: UUID
    calendar: str = Field(max_length=500_000)
    days: int = Field(default=180, ge=1, le=366)


class DescribeAbsence(Query[AbsencePlan]):
    """The dry run of `PutAbsence`: nothing is held or changed."""

    subject: ClassVar[str] = "booking.query.absence.describe.v1"
    range: AbsenceRange


class Absence(Message):
    """An absence that counts."""

    absence_id: UUID
    range: AbsenceRange
    reason: AbsenceReason


class Absences(Message):
    """By their start."""

    absences: list[Absence]


class ListAbsences(Query[Absences]):
    """Who is away now or later, until it was ended: everywhere, or of one branch and those who work there. Doctors and
    delegates are shown their own agendas, and closed branches.
    """

    subject: ClassVar[str] = "booking.query.absences.list.v1"
    branch_id: UUID | None = None
    limit: int = Field(default=200, ge=1, le=500)


class AbsenceEvent(Event):
    """What both carry: whose time, from when to when, and why."""

    absence: Absence


class AbsenceEntered(AbsenceEvent):
    """The time is taken out of the schedule."""

    subject: ClassVar[str] = "booking.event.absence.entered.v1"


class AbsenceEnded(AbsenceEvent):
    """What is left of it can be booked again."""

    subject: ClassVar[str] = "booking.event.absence.ended.v1"


class AppointmentDisplaced(AppointmentEvent):
    """The clinic cannot keep its time: reminders pause. `offers` are held for this patient alone until `answer_by`;
    then, or at once for `call` and where fewer than three are held, staff is asked to call."""

    subject: ClassVar[str] = "booking.event.appointment.displaced.v1"
    absence_id: UUID
    choice: Literal["message", "call"]
    offers: list[HeldOffer]
    answer_by: AwareDatetime
