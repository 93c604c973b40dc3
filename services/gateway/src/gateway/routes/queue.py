"""The queue of those who come without an appointment: for patients without an account, and for staff."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.contracts.booking import CallTicket, EndTicket, GetTicket, ShowQueue, TakeTicket
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
    to_be_audited,
)
from gateway.routes.bookings import Person, register
from gateway.routes.directory import everybody
from gateway.routes.patients import own_branch

router = APIRouter(route_class=AuditedRoute)
Reader = Annotated[Principal, Depends(may("board.read"))]
Worker = Annotated[Principal, Depends(may("appointments.change"))]


class Drawing(Input):
    """What a patient fills in to wait in line."""

    branch_id: UUID
    service_id: UUID | None = None
    patient: Person


class DrawingForSomebody(Input):
    """What the desk says; without a patient the number is for whoever stands there."""

    branch_id: UUID
    service_id: UUID | None = None
    patient_id: UUID | None = None


class Calling(Input):
    """Who is free, and whom they want; the next, where nobody is named."""

    branch_id: UUID
    practitioner_id: UUID
    ticket_id: UUID | None = None


# --- patients -------------------------------------------------------------------------------------------


@router.get("/api/v1/networks/{network}/queue", tags=["patients"])
async def board(network: str, parts: PartsHere, branch_id: UUID) -> Response:
    """The numbers that are called and that wait, and what somebody who drew one now would wait."""
    await parts.public_directory.network(network)
    return json_answer(await parts.asks.ask_bytes(ShowQueue(branch_id=branch_id), caller=everybody(network)))


@router.post("/api/v1/networks/{network}/queue/tickets", status_code=201, tags=["patients"])
async def draw(
    network: str,
    body: Drawing,
    request: Request,
    parts: PartsHere,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Draw a number of today. Whoever has one at this branch gets it again."""
    place = await parts.public_directory.network(network)
    caller = everybody(network)
    to_be_audited(request, network_id=network, actor=caller.actor, action="queue.draw", purpose="booking")
    ids = await minted(request, caller, idempotency_key)
    patient_id = await register(parts, caller, place, body.patient, ids, "patient")
    about(request, patient_id=patient_id)
    command = TakeTicket(
        command_id=ids.id("draw"),
        ticket_id=ids.id("ticket"),
        branch_id=body.branch_id,
        service_id=body.service_id,
        patient_id=patient_id,
    )
    ticket = await carry_out(parts, command, caller)
    about(request, ticket_id=ticket.ticket_id)
    return answer(ticket.model_copy(update={"patient_id": None}), 201)


@router.get("/api/v1/networks/{network}/queue/tickets/{ticket_id}", tags=["patients"])
async def mine(network: str, ticket_id: UUID, parts: PartsHere) -> Response:
    """One number: how many are before it and how long it may take."""
    await parts.public_directory.network(network)
    question = GetTicket(ticket_id=ticket_id)
    return json_answer(await parts.asks.ask_bytes(question, caller=everybody(network)))


@router.post("/api/v1/networks/{network}/queue/tickets/{ticket_id}/leave", tags=["patients"])
async def leave(
    network: str,
    ticket_id: UUID,
    request: Request,
    parts: PartsHere,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give the number back."""
    await parts.public_directory.network(network)
    caller = everybody(network)
    to_be_audited(
        request,
        network_id=network,
        actor=caller.actor,
        action="queue.leave",
        purpose="booking",
        ticket_id=ticket_id,
    )
    ids = await minted(request, caller, idempotency_key)
    command = EndTicket(command_id=ids.id("leave"), ticket_id=ticket_id, outcome="left")
    ticket = await carry_out(parts, command, caller)
    return answer(ticket.model_copy(update={"patient_id": None}))


# --- staff ----------------------------------------------------------------------------------------------


@router.get("/api/v1/queue", tags=["staff"])
async def live_board(request: Request, parts: PartsHere, principal: Reader, branch_id: UUID) -> Response:
    """The same with whose the numbers are."""
    about(request, branch_id=branch_id)
    own_branch(principal, branch_id)
    return json_answer(await parts.asks.ask_bytes(ShowQueue(branch_id=branch_id), caller=principal.caller))


@router.post("/api/v1/queue/tickets", status_code=201, tags=["staff"])
async def draw_for(
    body: DrawingForSomebody,
    request: Request,
    parts: PartsHere,
    principal: Worker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Draw a number for somebody at the desk."""
    about(request, branch_id=body.branch_id, patient_id=body.patient_id)
    ids = await minted(request, principal, idempotency_key)
    command = TakeTicket(command_id=ids.id("draw"), ticket_id=ids.id("ticket"), **body.model_dump())
    return answer(await carry_out(parts, command, principal.caller), 201)


@router.post("/api/v1/queue/call", tags=["staff"])
async def call(
    body: Calling,
    request: Request,
    parts: PartsHere,
    principal: Worker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The next, please. 409 `queue-empty` where nobody waits."""
    about(request, branch_id=body.branch_id, practitioner_id=body.practitioner_id)
    ids = await minted(request, principal, idempotency_key)
    command = CallTicket(command_id=ids.id("call"), **body.model_dump())
    ticket = await carry_out(parts, command, principal.caller)
    about(request, ticket_id=ticket.ticket_id, patient_id=ticket.patient_id)
    return answer(ticket)


@router.post("/api/v1/queue/tickets/{ticket_id}/{outcome}", tags=["staff"])
async def end(
    ticket_id: UUID,
    outcome: Literal["served", "left"],
    request: Request,
    parts: PartsHere,
    principal: Worker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Served, or did not come."""
    about(request, ticket_id=ticket_id)
    ids = await minted(request, principal, idempotency_key)
    command = EndTicket(command_id=ids.id(outcome), ticket_id=ticket_id, outcome=outcome)
    return answer(await carry_out(parts, command, principal.caller))
