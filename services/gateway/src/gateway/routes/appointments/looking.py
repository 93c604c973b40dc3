"""Looking at an appointment, and how one is shown to staff."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response

from common.contracts.booking import AppointmentRecord, FindAlternatives, GetAppointments
from common.errors import UnknownThing
from gateway.queries.patient_view import shown_record
from gateway.routes.access import AuditedRoute, json_answer
from gateway.routes.desk import Desk, desk_for
from gateway.routes.shapes import SlotsShape

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("appointments.read"))]


async def record_of(desk: Desk, appointment_id: UUID) -> AppointmentRecord:
    """One appointment that this account may see. Raises `unknown-appointment`, `NotAllowed`."""
    desk.about(appointment_id=appointment_id)
    found = await desk.ask(GetAppointments(appointment_ids=[appointment_id]))
    if not found.appointments:
        raise UnknownThing("appointment", appointment_id)
    record = found.appointments[0]
    concerns(desk, record)
    return record


def concerns(desk: Desk, record: AppointmentRecord) -> None:
    """Whose appointment it is, for the audit log."""
    state = record.appointment
    desk.about(appointment_id=state.appointment_id, patient_id=state.patient_id)
    desk.acting_for(state.practitioner_id)


def shown(desk: Desk, record: AppointmentRecord, status: int = 200, **more: str) -> Response:
    """An appointment as this account may see it."""
    body = {"appointment": shown_record(record, money=desk.sees_money), **more}
    return json_answer(orjson.dumps(body), status)


@router.get("/api/v1/appointments/{appointment_id}")
async def look(appointment_id: UUID, desk: Reader) -> Response:
    """One appointment, with its version."""
    return shown(desk, await record_of(desk, appointment_id))


@router.get("/api/v1/appointments/{appointment_id}/alternatives", response_model=SlotsShape)
async def alternatives(appointment_id: UUID, desk: Reader) -> Response:
    """Other times: same practitioner, then same branch, then soonest."""
    desk.about(appointment_id=appointment_id)
    return await desk.pass_on(FindAlternatives(appointment_id=appointment_id))
