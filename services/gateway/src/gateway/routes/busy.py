"""Busy times of another system's calendar, so that both show one schedule."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from common.contracts.booking import ImportBusyTimes
from gateway.routes.access import AuditedRoute, Input, answer
from gateway.routes.desk import Desk, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Writer = Annotated[Desk, Depends(desk_with_key("directory.write"))]


class BusyInput(Input):
    """An iCalendar text, or FHIR Slots and Appointments (R4, JSON); only its times are kept. It replaces what the same `calendar_id` said before."""

    calendar_id: UUID
    calendar: str = Field(min_length=1, max_length=60_000)
    days: int = Field(default=180, ge=1, le=366)


@router.post("/api/v1/practitioners/{practitioner_id}/busy-times")
async def take_over(practitioner_id: UUID, body: BusyInput, desk: Writer) -> Response:
    """Take it out of the schedule; where an appointment stands already, it stays and is listed in `conflicts`."""
    desk.about(practitioner_id=practitioner_id, calendar_id=body.calendar_id)
    return answer(await desk.tell(ImportBusyTimes(practitioner_id=practitioner_id, **body.model_dump())))
