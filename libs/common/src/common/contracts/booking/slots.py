"""Free time, and time that is held."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.booking.states import AppointmentRecord, Slot, Source
from common.contracts.messages import Command, Done, Message, Query


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
    """Give a held time back. One that has ended already stays ended.

    Refused: `illegal-transition` once booked, `unknown-hold` where the clinic itself holds it for somebody.
    """

    subject: ClassVar[str] = "booking.command.slot.release.v1"
    appointment_id: UUID


class FreeSlots(Message):
    """Slots in order of time, then practitioner; `truncated` where there are more than fit into one answer, all later."""

    slots: list[Slot]
    truncated: bool = False


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


class NextSlots(Message):
    """Where somebody would go next: with whom they were last (None: never there), and free times, the best first."""

    last_visit_id: UUID | None
    practitioner_id: UUID | None
    branch_id: UUID | None
    slots: list[Slot]


class FindNextSlots(Query[NextSlots]):
    """A control with the practitioner of the last visit of this service, else of its kind, of a patient (and the ids
    merged into it): times of the same practitioner at the same branch first, then elsewhere, then of colleagues.
    """

    subject: ClassVar[str] = "booking.query.slots.next.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=100)
    service_id: UUID
    from_date: date | None = None
    limit: int = Field(default=6, ge=1, le=20)
