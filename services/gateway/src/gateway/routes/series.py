"""Visits that come again: the same weekday or day of the month, at the same wall-clock time."""

from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from common.contracts.booking import BookSeries, Source
from gateway.queries.patient_view import shown_record
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    acting_for,
    carry_out,
    json_answer,
    may,
    minted,
    see_money,
)
from gateway.routes.instants import Instant

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Booker = Annotated[Principal, Depends(may("appointments.book"))]


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
async def book(
    body: SeriesInput,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """What could be booked is booked; what could not is listed in `collisions`, with other times."""
    about(request, patient_id=body.patient_id)
    acting_for(request, principal, body.practitioner_id)
    ids = await minted(request, principal, idempotency_key)
    command = BookSeries(
        command_id=ids.id("book series"),
        series_id=ids.id("series"),
        appointment_ids=[ids.id(f"appointment {number}") for number in range(body.visits)],
        **body.model_dump(exclude={"visits"}),
    )
    about(request, series_id=command.series_id)
    done = await carry_out(parts, command, principal.caller)
    money = see_money(principal)
    answer = {
        "series_id": done.series_id,
        "booked": [shown_record(one, money=money) for one in done.booked],
        "collisions": [one.model_dump(mode="json") for one in done.collisions],
    }
    return json_answer(orjson.dumps(answer), 201)
