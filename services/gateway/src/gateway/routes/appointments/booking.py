"""Booking at the desk and by phone, and letting in who stands there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import StringConstraints, model_validator

from common.contracts.booking import BookAppointment, CheckInAppointment, Source
from common.errors import NotAllowed
from gateway.routes.access import AuditedRoute, Input
from gateway.routes.appointments.looking import shown
from gateway.routes.bookings import Person, register
from gateway.routes.desk import Desk, desk_with_key
from gateway.routes.instants import Instant
from gateway.routes.shapes import manage_url

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Desk, Depends(desk_with_key("appointments.book"))]


class WhoComes(Input):
    """A patient who is known, or one to be registered."""

    patient_id: UUID | None = None
    patient: Person | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "WhoComes":
        if (self.patient_id is None) is (self.patient is None):
            raise ValueError("give either patient_id or patient")
        return self


class AppointmentInput(WhoComes):
    """A booking at the desk or by phone."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant
    source: Source = "desk"
    booked_by: UUID | None = None
    campaign_id: UUID | None = None
    referral_id: UUID | None = None
    """What asked for this visit."""
    hold_id: UUID | None = None
    """The hold that keeps this time for the patient."""
    overbook_reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None
    ) = None
    """Why this visit shares a taken time on purpose: for managers."""


class WalkInInput(WhoComes):
    """Somebody is here without an appointment; `starts_at` is now where it is left out."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant | None = None


async def patient_of(desk: Desk, body: WhoComes, *, provisional: bool = False) -> UUID:
    """Whom it is for; somebody new is registered (`provisional`: seen by nobody until there is an appointment)."""
    patient_id = body.patient_id
    if body.patient is not None:
        place = await desk.parts.public_directory.network(desk.network_id)
        patient_id = await register(
            desk.parts, desk.caller, place, body.patient, await desk.ids(), "patient", provisional=provisional
        )
    assert patient_id is not None
    desk.about(patient_id=patient_id)
    return patient_id


@router.post("/api/v1/appointments", status_code=201)
async def book(body: AppointmentInput, desk: Booker) -> Response:
    """Book for a patient who called or stands at the desk."""
    if body.overbook_reason is not None and not desk.may("appointments.overbook"):
        raise NotAllowed("Only managers book a taken time on purpose")
    desk.acting_for(body.practitioner_id)
    ids = await desk.ids()
    patient_id = await patient_of(desk, body)
    command = BookAppointment(
        appointment_id=body.hold_id or ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=body.starts_at,
        source=body.source,
        booked_by=body.booked_by,
        campaign_id=body.campaign_id,
        referral_id=body.referral_id,
        overbook_reason=body.overbook_reason,
    )
    desk.about(referral_id=body.referral_id)
    record = await desk.tell(command)
    desk.about(appointment_id=record.appointment.appointment_id)
    return shown(desk, record, 201, manage_url=manage_url(desk.parts, desk.network_id, record))


@router.post("/api/v1/visits", status_code=201)
async def walk_in(body: WalkInInput, desk: Booker) -> Response:
    """Register if needed, book and check in, at once. Bound by neither notice nor grid."""
    ids = await desk.ids()
    patient_id = await patient_of(desk, body)
    starts_at = body.starts_at or desk.now.replace(second=0, microsecond=0)
    command = BookAppointment(
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=starts_at,
        source="walk-in",
        walk_in=True,
    )
    record = await desk.tell(command)
    desk.about(appointment_id=record.appointment.appointment_id)
    check_in = CheckInAppointment(appointment_id=record.appointment.appointment_id)
    return shown(desk, await desk.tell(check_in), 201)
