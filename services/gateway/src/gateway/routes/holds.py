"""A time that is kept for some minutes while somebody talks with the patient."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.contracts.booking import HoldSlot, ReleaseHold
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    PartsHere,
    about,
    acting_for,
    answer,
    carry_out,
    may,
    minted,
)
from gateway.routes.appointments.booking import WhoComes, patient_of
from gateway.routes.appointments.looking import shown
from gateway.routes.instants import Instant

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Principal, Depends(may("appointments.book"))]

MINUTES = 10


class HoldInput(WhoComes):
    """For whom, and which time."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant


@router.post("/api/v1/holds", status_code=201)
async def hold(
    body: HoldInput,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep a time for ten minutes. `POST /api/v1/appointments` with its `hold_id` and `patient_id` books it."""
    acting_for(request, principal, body.practitioner_id)
    ids = await minted(request, principal, idempotency_key)
    patient_id = await patient_of(request, parts, principal, body, ids, provisional=True)
    command = HoldSlot(
        command_id=ids.id("hold"),
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=body.starts_at,
        minutes=MINUTES,
    )
    record = await carry_out(parts, command, principal.caller)
    about(request, hold_id=command.appointment_id)
    return shown(record, principal, 201)


@router.post("/api/v1/holds/{hold_id}/release")
async def release(
    hold_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give the time back. One that has run out stays so."""
    about(request, hold_id=hold_id)
    ids = await minted(request, principal, idempotency_key)
    command = ReleaseHold(command_id=ids.id("release"), appointment_id=hold_id)
    return answer(await carry_out(parts, command, principal.caller))
