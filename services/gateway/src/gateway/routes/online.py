"""Joining an online visit: patients by their link, staff from the desk."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from common.contracts.booking import AppointmentState
from common.links import Purpose
from gateway.handlers import Parts
from gateway.queries.directory import around
from gateway.routes.access import AuditedRoute, PartsHere, answer
from gateway.routes.appointments.looking import record_of
from gateway.routes.desk import Desk, desk_for
from gateway.routes.links import open_link
from gateway.rules import meetings

router = APIRouter(route_class=AuditedRoute)
Joiner = Annotated[Desk, Depends(desk_for("visits.join"))]

_JOIN: frozenset[Purpose] = frozenset({"manage", "visit"})


class Joined(BaseModel):
    """The address of the room: for this visit at this time, and for nobody else."""

    url: str


@router.post("/api/v1/links/{token}/join", response_model=Joined, tags=["patients"])
async def join(token: str, request: Request, parts: PartsHere) -> Response:
    """Refused `not-confirmed`, `too-early` (409, with `opens_at`) and `link-expired` (410)."""
    opened = await open_link(request, parts, token, _JOIN, "links.join")
    return await _joined(parts, opened.network_id, opened.record.appointment)


@router.post("/api/v1/appointments/{appointment_id}/join", response_model=Joined, tags=["staff"])
async def join_as_staff(appointment_id: UUID, desk: Joiner) -> Response:
    """The same room at the same time: of their own visits for doctors, of all for the reception."""
    record = await record_of(desk, appointment_id)
    return await _joined(desk.parts, desk.network_id, record.appointment)


async def _joined(parts: Parts, network_id: str, appointment: AppointmentState) -> Response:
    known = around(await parts.public_directory.of(network_id), appointment)
    meetings.check_join(appointment, known.service, now=parts.clock.now())
    return answer(Joined(url=parts.meetings.url(network_id, appointment)))
