"""The day of a branch: its board, the tasks of staff, and what was sent to patients."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import StringConstraints

from common.contracts.notifications import (
    CommunicationsOf,
    DescribeSending,
    ExplainMessage,
    PauseSending,
    ResumeSending,
    SendingState,
)
from common.contracts.patient_profile import Channel, FinishTask, ListTasks, TakeTask
from gateway.queries.day_board import day_board
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
from gateway.routes.instants import Instant
from gateway.routes.patients import own_branch, own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Viewer = Annotated[Principal, Depends(may("board.read"))]
TaskReader = Annotated[Principal, Depends(may("tasks.read"))]
TaskWorker = Annotated[Principal, Depends(may("tasks.work"))]
MessageReader = Annotated[Principal, Depends(may("messages.read"))]
Braker = Annotated[Principal, Depends(may("sending.brake"))]


@router.get("/api/v1/day-board")
async def board(
    request: Request,
    parts: PartsHere,
    principal: Viewer,
    branch_id: UUID,
    day: Annotated[date | None, Query(alias="date")] = None,
) -> Response:
    """One branch's day in its local time (today, where no date is given); doctors and delegates see their agendas."""
    about(request, branch_id=branch_id)
    own_branch(principal, branch_id)
    now = parts.clock.now()
    if day is None:
        branch = await parts.public_directory.branch(principal.network_id, branch_id)
        day = now.astimezone(ZoneInfo(branch.zone)).date()
    shown = await day_board(
        parts.asks,
        principal.caller,
        branch_id=branch_id,
        day=day,
        money=see_money(principal),
        seconds=parts.section_seconds,
        now=now,
    )
    about(request, date=day)
    return json_answer(orjson.dumps(shown))


# --- tasks ----------------------------------------------------------------------------------------------


class Outcome(Input):
    """How it ended."""

    outcome: Annotated[str, StringConstraints(max_length=500)] = ""


@router.get("/api/v1/tasks")
async def tasks(
    parts: PartsHere,
    principal: TaskReader,
    status: Literal["open", "taken", "done"] | None = None,
    branch_id: UUID | None = None,
    patient_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """The queue, by due time; without `status` what is not done."""
    question = ListTasks(
        status=status, branch_id=branch_id, patient_id=patient_id, cursor=cursor, limit=limit
    )
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.post("/api/v1/tasks/{task_id}/take")
async def take(
    task_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: TaskWorker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """I do it."""
    about(request, task_id=task_id)
    ids = await minted(request, principal, idempotency_key)
    command = TakeTask(command_id=ids.id("take"), task_id=task_id)
    return answer(await carry_out(parts, command, principal.caller))


@router.post("/api/v1/tasks/{task_id}/done")
async def done(
    task_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: TaskWorker,
    body: Outcome | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """It is done."""
    about(request, task_id=task_id)
    ids = await minted(request, principal, idempotency_key)
    command = FinishTask(command_id=ids.id("finish"), task_id=task_id, outcome=body.outcome if body else "")
    return answer(await carry_out(parts, command, principal.caller))


# --- messages -------------------------------------------------------------------------------------------


class Brake(Input):
    """What to stop, or to let go; left out means all."""

    channel: Channel | None = None
    template: Annotated[str, StringConstraints(max_length=60)] | None = None


@router.get("/api/v1/messages")
async def messages(
    request: Request,
    parts: PartsHere,
    principal: MessageReader,
    patient_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """What went out to a patient and what came back, newest first."""
    about(request, patient_id=patient_id)
    await own_patient(parts, principal, patient_id)
    question = CommunicationsOf(patient_ids=[patient_id], cursor=cursor, limit=limit)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/messages/{message_id}/explanation")
async def explanation(
    message_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: MessageReader,
    at: Instant | None = None,
) -> Response:
    """Why it went out or did not; `at` asks for another moment."""
    about(request, message_id=message_id)
    question = ExplainMessage(message_id=message_id, at=at)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/sending", response_model=SendingState)
async def sending(
    parts: PartsHere, principal: Braker, hours: Annotated[int, Query(ge=1, le=336)] = 24
) -> Response:
    """The brakes that are on, the limits of providers, and what is due within `hours` and blocked."""
    return json_answer(await parts.asks.ask_bytes(DescribeSending(hours=hours), caller=principal.caller))


@router.post("/api/v1/sending/pause")
async def pause(
    request: Request,
    parts: PartsHere,
    principal: Braker,
    body: Brake | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The brake."""
    body = body or Brake()
    about(request, brake="pause", channel=body.channel, template=body.template)
    ids = await minted(request, principal, idempotency_key)
    command = PauseSending(command_id=ids.id("pause"), channel=body.channel, template=body.template)
    return answer(await carry_out(parts, command, principal.caller))


@router.post("/api/v1/sending/resume")
async def resume(
    request: Request,
    parts: PartsHere,
    principal: Braker,
    body: Brake | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Let go of the brake."""
    body = body or Brake()
    about(request, brake="resume", channel=body.channel, template=body.template)
    ids = await minted(request, principal, idempotency_key)
    command = ResumeSending(command_id=ids.id("resume"), channel=body.channel, template=body.template)
    return answer(await carry_out(parts, command, principal.caller))
