"""Who waits for a freed slot, and what they answer when one is held for them."""

from datetime import date, time
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response

from common.contracts.booking import (
    AcceptOffer,
    DeclineOffer,
    JoinWaitlist,
    LeaveWaitlist,
    ListWaitlist,
)
from gateway.queries.patient_view import shown_record
from gateway.routes.access import AuditedRoute, Input, answer, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.shapes import manage_url
from gateway.routes.whom import expect_known

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("waitlist.work"))]
Booker = Annotated[Desk, Depends(desk_with_key("waitlist.work"))]


class Joining(Input):
    """What somebody waits for: days and local times, and perhaps a branch or practitioner."""

    patient_id: UUID
    service_id: UUID
    branch_id: UUID | None = None
    practitioner_id: UUID | None = None
    from_date: date
    to_date: date
    from_time: time = time(0)
    to_time: time | None = None


@router.post("/api/v1/waitlist", status_code=201)
async def join(body: Joining, desk: Booker) -> Response:
    """Wait for a slot to be freed; it is then held for one after the other, in the order of joining."""
    desk.about(patient_id=body.patient_id)
    await expect_known(desk, body.patient_id)
    ids = await desk.ids()
    command = JoinWaitlist(entry_id=ids.id("waitlist entry"), **body.model_dump())
    desk.about(entry_id=command.entry_id)
    return answer(await desk.tell(command), 201)


@router.get("/api/v1/waitlist")
async def listed(
    desk: Reader,
    branch_id: Annotated[UUID | None, Query()] = None,
    patient_id: Annotated[UUID | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = True,
) -> Response:
    """Who waits, in the order of joining, with what is held for them."""
    desk.about(branch_id=branch_id, patient_id=patient_id)
    return await desk.pass_on(ListWaitlist(branch_id=branch_id, patient_id=patient_id, open=only_open))


@router.post("/api/v1/waitlist/{entry_id}/leave")
async def leave(entry_id: UUID, desk: Booker) -> Response:
    """Wait no longer; what was offered goes to the next."""
    desk.about(entry_id=entry_id)
    entry = await desk.tell(LeaveWaitlist(entry_id=entry_id))
    desk.about(patient_id=entry.patient_id)
    return answer(entry)


@router.post("/api/v1/waitlist/offers/{offer_id}/accept", status_code=201)
async def accept(offer_id: UUID, desk: Booker) -> Response:
    """The patient said yes. 409 `offer-over` where that was too late, with `alternatives`."""
    desk.about(offer_id=offer_id)
    record = await desk.tell(AcceptOffer(offer_id=offer_id))
    desk.about(
        appointment_id=record.appointment.appointment_id,
        patient_id=record.appointment.patient_id,
    )
    body = {
        "appointment": shown_record(record, money=desk.sees_money),
        "manage_url": manage_url(desk.parts, desk.network_id, record),
    }
    return json_answer(orjson.dumps(body), 201)


@router.post("/api/v1/waitlist/offers/{offer_id}/decline")
async def decline(offer_id: UUID, desk: Booker) -> Response:
    """The patient said no: the slot goes to the next, the patient waits on."""
    desk.about(offer_id=offer_id)
    entry = await desk.tell(DeclineOffer(offer_id=offer_id))
    desk.about(patient_id=entry.patient_id)
    return answer(entry)
