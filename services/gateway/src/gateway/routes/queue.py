"""The queue of those who come without an appointment: for patients without an account, and for staff."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.contracts.booking import CallTicket, EndTicket, GetTicket, ShowQueue, TakeTicket
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    answer,
    carry_out,
    json_answer,
    minted,
    to_be_audited,
)
from gateway.routes.bookings import Person, register
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.directory import everybody
from gateway.routes.whom import expect_known

router = APIRouter(route_class=AuditedRoute)
Reader = Annotated[Desk, Depends(desk_for("board.read"))]
Worker = Annotated[Desk, Depends(desk_with_key("appointments.change"))]


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
    """The numbers that are called and that wait, and what somebody who drew one now would wait.

    Without their ids: those are known to whoever drew them, who may give them back.
    """
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
async def live_board(desk: Reader, branch_id: UUID) -> Response:
    """The same with the ids of the numbers and whose they are."""
    desk.about(branch_id=branch_id)
    desk.own_branch(branch_id)
    return await desk.pass_on(ShowQueue(branch_id=branch_id))


@router.post("/api/v1/queue/tickets", status_code=201, tags=["staff"])
async def draw_for(body: DrawingForSomebody, desk: Worker) -> Response:
    """Draw a number for somebody at the desk."""
    desk.about(branch_id=body.branch_id, patient_id=body.patient_id)
    await expect_known(desk, *filter(None, [body.patient_id]))
    ids = await desk.ids()
    return answer(await desk.tell(TakeTicket(ticket_id=ids.id("ticket"), **body.model_dump())), 201)


@router.post("/api/v1/queue/call", tags=["staff"])
async def call(body: Calling, desk: Worker) -> Response:
    """The next of today, please, or a certain one. 409 `queue-empty` where nobody waits."""
    desk.about(branch_id=body.branch_id, practitioner_id=body.practitioner_id)
    ticket = await desk.tell(CallTicket(**body.model_dump()))
    desk.about(ticket_id=ticket.ticket_id, patient_id=ticket.patient_id)
    return answer(ticket)


@router.post("/api/v1/queue/tickets/{ticket_id}/{outcome}", tags=["staff"])
async def end(ticket_id: UUID, outcome: Literal["served", "left"], desk: Worker) -> Response:
    """Served, or did not come."""
    desk.about(ticket_id=ticket_id)
    return answer(await desk.tell(EndTicket(ticket_id=ticket_id, outcome=outcome)))
