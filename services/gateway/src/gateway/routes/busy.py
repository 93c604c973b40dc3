"""Busy times of another system's calendar, so that both show one schedule."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from common.contracts.booking import ImportBusyTimes
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    answer,
    carry_out,
    may,
    minted,
)

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Writer = Annotated[Principal, Depends(may("directory.write"))]


class BusyInput(Input):
    """An iCalendar text, or FHIR Slots and Appointments (R4, JSON); only its times are kept. It replaces what the same `calendar_id` said before."""

    calendar_id: UUID
    calendar: str = Field(min_length=1, max_length=60_000)
    days: int = Field(default=180, ge=1, le=366)


@router.post("/api/v1/practitioners/{practitioner_id}/busy-times")
async def take_over(
    practitioner_id: UUID,
    body: BusyInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take it out of the schedule; where an appointment stands already, it stays and is listed in `conflicts`."""
    about(request, practitioner_id=practitioner_id, calendar_id=body.calendar_id)
    ids = await minted(request, principal, idempotency_key)
    command = ImportBusyTimes(
        command_id=ids.id("import busy times"), practitioner_id=practitioner_id, **body.model_dump()
    )
    return answer(await carry_out(parts, command, principal.caller))
