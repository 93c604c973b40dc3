"""What patients owe, their visits with what was paid, and the close of a day."""

from datetime import date
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, StringConstraints

from common.contracts.booking import BalanceOf, CloseDay, VisitsOfPatient
from common.contracts.patient_profile import GetProfile
from common.errors import Refused
from gateway.queries.day_close import closing, day_close, staff_names
from gateway.routes.access import AuditedRoute, Input, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["money"])
Looker = Annotated[Desk, Depends(desk_for("money.see"))]
Closer = Annotated[Desk, Depends(desk_with_key("day.close"))]
DayReader = Annotated[Desk, Depends(desk_for("day.close"))]


class ClosingInput(Input):
    """What was counted, in minor units; `note` where that is not what is expected, `leave_open` where visits stay."""

    branch_id: UUID
    date: date
    counted_cash: int = Field(ge=0, le=10**12)
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    leave_open: bool = False


@router.get("/api/v1/patients/{patient_id}/balance")
async def balance(patient_id: UUID, desk: Looker) -> Response:
    """What a patient owes and is owed, per currency: prices of visits less payments plus refunds."""
    desk.about(patient_id=patient_id)
    return await desk.pass_on(BalanceOf(patient_ids=await _everyone(desk, patient_id)))


@router.get("/api/v1/patients/{patient_id}/visits")
async def visits(patient_id: UUID, desk: Looker) -> Response:
    """When, what, by whom, what was paid and how it stands; newest first, with totals."""
    desk.about(patient_id=patient_id)
    return await desk.pass_on(VisitsOfPatient(patient_ids=await _everyone(desk, patient_id)))


@router.get("/api/v1/day-close")
async def look_at_day(
    desk: DayReader, branch_id: UUID, day: Annotated[date, Query(alias="date")]
) -> Response:
    """Visits not yet closed, the till by method and person, debts of the day, tomorrow's unconfirmed."""
    desk.about(branch_id=branch_id, date=day)
    desk.own_branch(branch_id)
    shown = await day_close(
        desk.parts.asks,
        desk.parts.database,
        desk.caller,
        branch_id=branch_id,
        day=day,
        seconds=desk.parts.section_seconds,
    )
    return json_answer(orjson.dumps(shown))


@router.post("/api/v1/day-close", status_code=201)
async def close_day(body: ClosingInput, desk: Closer) -> Response:
    """The day's till stays as it is from here on: later money belongs to the next open day."""
    desk.about(branch_id=body.branch_id, date=body.date)
    desk.own_branch(body.branch_id)
    ids = await desk.ids()
    command = CloseDay(
        closing_id=ids.id("closing"),
        branch_id=body.branch_id,
        day=body.date,
        counted_cash=body.counted_cash,
        note=body.note,
        leave_open=body.leave_open,
    )
    closed = await desk.tell(command)
    names = await staff_names(desk.parts.database, desk.network_id)
    return json_answer(orjson.dumps(closing(closed, names)), 201)


async def _everyone(desk: Desk, patient_id: UUID) -> list[UUID]:
    """The patient and who was merged into them; the patient alone for those who may not read cards."""
    try:
        profile = await desk.ask(GetProfile(patient_id=patient_id))
    except Refused as refusal:
        if refusal.refusal != "not-allowed":
            raise
        return [patient_id]
    return [patient_id, *profile.merged_ids]
