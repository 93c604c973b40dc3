"""Who waits for a freed slot, and what they answer when one is held for them."""

from datetime import date, time
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from common.contracts.booking import (
    AcceptOffer,
    DeclineOffer,
    JoinWaitlist,
    LeaveWaitlist,
    ListWaitlist,
)
from gateway.queries.patient_view import shown_record
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    answer,
    carry_out,
    json_answer,
    may,
    minted,
    see_money,
)
from gateway.routes.shapes import manage_url

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("appointments.read"))]
Booker = Annotated[Principal, Depends(may("appointments.book"))]


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
async def join(
    body: Joining,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Wait for a slot to be freed; it is then held for one after the other, in the order of joining."""
    about(request, patient_id=body.patient_id)
    ids = await minted(request, principal, idempotency_key)
    command = JoinWaitlist(
        command_id=ids.id("join waitlist"), entry_id=ids.id("waitlist entry"), **body.model_dump()
    )
    about(request, entry_id=command.entry_id)
    return answer(await carry_out(parts, command, principal.caller), 201)


@router.get("/api/v1/waitlist")
async def listed(
    request: Request,
    parts: PartsHere,
    principal: Reader,
    branch_id: Annotated[UUID | None, Query()] = None,
    patient_id: Annotated[UUID | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = True,
) -> Response:
    """Who waits, in the order of joining, with what is held for them."""
    about(request, branch_id=branch_id, patient_id=patient_id)
    question = ListWaitlist(branch_id=branch_id, patient_id=patient_id, open=only_open)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.post("/api/v1/waitlist/{entry_id}/leave")
async def leave(
    entry_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Wait no longer; what was offered goes to the next."""
    about(request, entry_id=entry_id)
    ids = await minted(request, principal, idempotency_key)
    command = LeaveWaitlist(command_id=ids.id("leave waitlist"), entry_id=entry_id)
    entry = await carry_out(parts, command, principal.caller)
    about(request, patient_id=entry.patient_id)
    return answer(entry)


@router.post("/api/v1/waitlist/offers/{offer_id}/accept", status_code=201)
async def accept(
    offer_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The patient said yes. 409 `offer-over` where that was too late, with `alternatives`."""
    about(request, offer_id=offer_id)
    ids = await minted(request, principal, idempotency_key)
    command = AcceptOffer(command_id=ids.id("accept offer"), offer_id=offer_id)
    record = await carry_out(parts, command, principal.caller)
    about(
        request,
        appointment_id=record.appointment.appointment_id,
        patient_id=record.appointment.patient_id,
    )
    body = {
        "appointment": shown_record(record, money=see_money(principal)),
        "manage_url": manage_url(parts, principal.network_id, record),
    }
    return json_answer(orjson.dumps(body), 201)


@router.post("/api/v1/waitlist/offers/{offer_id}/decline")
async def decline(
    offer_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The patient said no: the slot goes to the next, the patient waits on."""
    about(request, offer_id=offer_id)
    ids = await minted(request, principal, idempotency_key)
    command = DeclineOffer(command_id=ids.id("decline offer"), offer_id=offer_id)
    entry = await carry_out(parts, command, principal.caller)
    about(request, patient_id=entry.patient_id)
    return answer(entry)
