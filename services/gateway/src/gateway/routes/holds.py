"""A time that is kept for some minutes while somebody talks with the patient."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from common.contracts.booking import HoldSlot, ReleaseHold
from gateway.routes.access import AuditedRoute, answer
from gateway.routes.appointments.looking import shown
from gateway.routes.desk import Desk, desk_with_key
from gateway.routes.instants import Instant
from gateway.routes.whom import WhoComes, patient_of

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Desk, Depends(desk_with_key("appointments.book"))]

MINUTES = 10


class HoldInput(WhoComes):
    """For whom, and which time."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant


@router.post("/api/v1/holds", status_code=201)
async def hold(body: HoldInput, desk: Booker) -> Response:
    """Keep a time for ten minutes. `POST /api/v1/appointments` with its `hold_id` and `patient_id` books it."""
    desk.acting_for(body.practitioner_id)
    ids = await desk.ids()
    patient_id = await patient_of(desk, body, provisional=True)
    command = HoldSlot(
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=body.starts_at,
        minutes=MINUTES,
    )
    record = await desk.tell(command)
    desk.about(hold_id=command.appointment_id)
    return shown(desk, record, 201)


@router.post("/api/v1/holds/{hold_id}/release")
async def release(hold_id: UUID, desk: Booker) -> Response:
    """Give the time back. One that has run out stays so."""
    desk.about(hold_id=hold_id)
    return answer(await desk.tell(ReleaseHold(appointment_id=hold_id)))
