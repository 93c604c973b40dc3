"""What patients owe, their visits with what was paid, and the close of a day."""

from datetime import date
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, StringConstraints

from common.contracts.booking import BalanceOf, CloseDay, VisitsOfPatient
from common.contracts.patient_profile import GetProfile
from common.errors import Refused
from gateway.handlers import Parts
from gateway.queries.day_close import closing, day_close, staff_names
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    carry_out,
    json_answer,
    may,
    minted,
)
from gateway.routes.patients import own_branch

router = APIRouter(route_class=AuditedRoute, tags=["money"])
Looker = Annotated[Principal, Depends(may("money.see"))]
Closer = Annotated[Principal, Depends(may("day.close"))]


class ClosingInput(Input):
    """What was counted, in minor units; `note` where that is not what is expected, `leave_open` where visits stay."""

    branch_id: UUID
    date: date
    counted_cash: int = Field(ge=0, le=10**12)
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    leave_open: bool = False


@router.get("/api/v1/patients/{patient_id}/balance")
async def balance(patient_id: UUID, request: Request, parts: PartsHere, principal: Looker) -> Response:
    """What a patient owes and is owed, per currency: prices of visits less payments plus refunds."""
    about(request, patient_id=patient_id)
    question = BalanceOf(patient_ids=await _everyone(parts, principal, patient_id))
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/patients/{patient_id}/visits")
async def visits(patient_id: UUID, request: Request, parts: PartsHere, principal: Looker) -> Response:
    """When, what, by whom, what was paid and how it stands; newest first, with totals."""
    about(request, patient_id=patient_id)
    question = VisitsOfPatient(patient_ids=await _everyone(parts, principal, patient_id))
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/day-close")
async def look_at_day(
    request: Request,
    parts: PartsHere,
    principal: Closer,
    branch_id: UUID,
    day: Annotated[date, Query(alias="date")],
) -> Response:
    """Visits not yet closed, the till by method and person, debts of the day, tomorrow's unconfirmed."""
    about(request, branch_id=branch_id, date=day)
    own_branch(principal, branch_id)
    shown = await day_close(
        parts.asks,
        parts.database,
        principal.caller,
        branch_id=branch_id,
        day=day,
        seconds=parts.section_seconds,
    )
    return json_answer(orjson.dumps(shown))


@router.post("/api/v1/day-close", status_code=201)
async def close_day(
    body: ClosingInput,
    request: Request,
    parts: PartsHere,
    principal: Closer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The day's till stays as it is from here on: later money belongs to the next open day."""
    about(request, branch_id=body.branch_id, date=body.date)
    own_branch(principal, body.branch_id)
    ids = await minted(request, principal, idempotency_key)
    command = CloseDay(
        command_id=ids.id("close day"),
        closing_id=ids.id("closing"),
        branch_id=body.branch_id,
        day=body.date,
        counted_cash=body.counted_cash,
        note=body.note,
        leave_open=body.leave_open,
    )
    closed = await carry_out(parts, command, principal.caller)
    names = await staff_names(parts.database, principal.network_id)
    return json_answer(orjson.dumps(closing(closed, names)), 201)


async def _everyone(parts: Parts, principal: Principal, patient_id: UUID) -> list[UUID]:
    """The patient and who was merged into them; the patient alone for those who may not read cards."""
    try:
        profile = await parts.asks.ask(GetProfile(patient_id=patient_id), caller=principal.caller)
    except Refused as refusal:
        if refusal.refusal != "not-allowed":
            raise
        return [patient_id]
    return [patient_id, *profile.merged_ids]
