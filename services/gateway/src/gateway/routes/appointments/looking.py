"""Looking at an appointment, and how one is shown to staff."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response

from common.contracts.booking import AppointmentRecord, FindAlternatives, GetAppointments
from common.errors import UnknownThing
from gateway.handlers import Parts
from gateway.queries.patient_view import shown_record
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    PartsHere,
    about,
    acting_for,
    json_answer,
    may,
    see_money,
)
from gateway.routes.shapes import SlotsShape

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("appointments.read"))]


async def record_of(
    request: Request, parts: Parts, principal: Principal, appointment_id: UUID
) -> AppointmentRecord:
    """One appointment that this account may see. Raises `unknown-appointment`, `NotAllowed`."""
    about(request, appointment_id=appointment_id)
    found = await parts.asks.ask(GetAppointments(appointment_ids=[appointment_id]), caller=principal.caller)
    if not found.appointments:
        raise UnknownThing("appointment", appointment_id)
    record = found.appointments[0]
    concerns(request, principal, record)
    return record


def concerns(request: Request, principal: Principal, record: AppointmentRecord) -> None:
    """Whose appointment it is, for the audit log."""
    state = record.appointment
    about(request, appointment_id=state.appointment_id, patient_id=state.patient_id)
    acting_for(request, principal, state.practitioner_id)


def shown(record: AppointmentRecord, principal: Principal, status: int = 200, **more: str) -> Response:
    """An appointment as this account may see it."""
    body = {"appointment": shown_record(record, money=see_money(principal)), **more}
    return json_answer(orjson.dumps(body), status)


@router.get("/api/v1/appointments/{appointment_id}")
async def look(appointment_id: UUID, request: Request, parts: PartsHere, principal: Reader) -> Response:
    """One appointment, with its version."""
    return shown(await record_of(request, parts, principal, appointment_id), principal)


@router.get("/api/v1/appointments/{appointment_id}/alternatives", response_model=SlotsShape)
async def alternatives(
    appointment_id: UUID, request: Request, parts: PartsHere, principal: Reader
) -> Response:
    """Other times: same practitioner, then same branch, then soonest."""
    about(request, appointment_id=appointment_id)
    question = FindAlternatives(appointment_id=appointment_id)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))
