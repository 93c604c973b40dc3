"""Visits that come again: the same weekday or day of the month, at the same wall-clock time."""

from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import Field

from common.contracts.booking import BookSeries, Source
from gateway.queries.patient_view import shown_record
from gateway.routes.access import AuditedRoute, Input, json_answer
from gateway.routes.desk import Desk, desk_with_key
from gateway.routes.instants import Instant
from gateway.routes.whom import expect_known

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Desk, Depends(desk_with_key("appointments.book"))]


class SeriesInput(Input):
    """`visits` times, every so many weeks or months from the first."""

    patient_id: UUID
    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant
    visits: int = Field(ge=2, le=52)
    every: int = Field(ge=1, le=52)
    unit: Literal["week", "month"]
    source: Source = "desk"
    campaign_id: UUID | None = None


@router.post("/api/v1/series", status_code=201)
async def book(body: SeriesInput, desk: Booker) -> Response:
    """What could be booked is booked; what could not is listed in `collisions`, with other times."""
    desk.about(patient_id=body.patient_id)
    desk.acting_for(body.practitioner_id)
    await expect_known(desk, body.patient_id)
    ids = await desk.ids()
    command = BookSeries(
        series_id=ids.id("series"),
        appointment_ids=[ids.id(f"appointment {number}") for number in range(body.visits)],
        **body.model_dump(exclude={"visits"}),
    )
    desk.about(series_id=command.series_id)
    done = await desk.tell(command)
    answer = {
        "series_id": done.series_id,
        "booked": [shown_record(one, money=desk.sees_money) for one in done.booked],
        "collisions": [one.model_dump(mode="json") for one in done.collisions],
    }
    return json_answer(orjson.dumps(answer), 201)
