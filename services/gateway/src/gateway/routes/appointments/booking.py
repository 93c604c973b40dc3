"""Booking at the desk and by phone, and letting in who stands there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints, model_validator

from common.contracts.booking import BookAppointment, CheckInAppointment, Source
from common.errors import NotAllowed
from gateway.handlers import Parts
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    acting_for,
    carry_out,
    may,
    minted,
)
from gateway.routes.appointments.looking import shown
from gateway.routes.bookings import Person, register
from gateway.routes.instants import Instant
from gateway.routes.shapes import manage_url
from gateway.rules.minted import Minted
from gateway.rules.permissions import allowed

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Principal, Depends(may("appointments.book"))]


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


async def patient_of(
    request: Request,
    parts: Parts,
    principal: Principal,
    body: WhoComes,
    ids: Minted,
    *,
    provisional: bool = False,
) -> UUID:
    """Whom it is for; somebody new is registered (`provisional`: seen by nobody until there is an appointment)."""
    patient_id = body.patient_id
    if body.patient is not None:
        place = await parts.public_directory.network(principal.network_id)
        patient_id = await register(
            parts, principal.caller, place, body.patient, ids, "patient", provisional=provisional
        )
    assert patient_id is not None
    about(request, patient_id=patient_id)
    return patient_id


@router.post("/api/v1/appointments", status_code=201)
async def book(
    body: AppointmentInput,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Book for a patient who called or stands at the desk."""
    if body.overbook_reason is not None and not allowed(principal.roles, "appointments.overbook"):
        raise NotAllowed("Only managers book a taken time on purpose")
    acting_for(request, principal, body.practitioner_id)
    ids = await minted(request, principal, idempotency_key)
    patient_id = await patient_of(request, parts, principal, body, ids)
    command = BookAppointment(
        command_id=ids.id("book"),
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
    about(request, referral_id=body.referral_id)
    record = await carry_out(parts, command, principal.caller)
    about(request, appointment_id=record.appointment.appointment_id)
    return shown(record, principal, 201, manage_url=manage_url(parts, principal.network_id, record))


@router.post("/api/v1/visits", status_code=201)
async def walk_in(
    body: WalkInInput,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Register if needed, book and check in, at once. Bound by neither notice nor grid."""
    ids = await minted(request, principal, idempotency_key)
    patient_id = await patient_of(request, parts, principal, body, ids)
    starts_at = body.starts_at or parts.clock.now().replace(second=0, microsecond=0)
    command = BookAppointment(
        command_id=ids.id("book"),
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=starts_at,
        source="walk-in",
        walk_in=True,
    )
    record = await carry_out(parts, command, principal.caller)
    about(request, appointment_id=record.appointment.appointment_id)
    check_in = CheckInAppointment(
        command_id=ids.id("check-in"), appointment_id=record.appointment.appointment_id
    )
    return shown(await carry_out(parts, check_in, principal.caller), principal, 201)
