"""Booking at the desk and by phone, and letting in who stands there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import StringConstraints

from common.contracts.booking import BookAppointment, CheckInAppointment, Source
from common.errors import NotAllowed
from gateway.routes.access import AuditedRoute
from gateway.routes.appointments.looking import shown
from gateway.routes.desk import Desk, desk_with_key
from gateway.routes.instants import Instant
from gateway.routes.shapes import manage_url
from gateway.routes.whom import WhoComes, patient_of

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Desk, Depends(desk_with_key("appointments.book"))]


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

    def by_id(self) -> list[UUID]:
        """With who booked for the patient."""
        return [*super().by_id(), *([] if self.booked_by is None else [self.booked_by])]


class WalkInInput(WhoComes):
    """Somebody is here without an appointment; `starts_at` is now where it is left out."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant | None = None


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
