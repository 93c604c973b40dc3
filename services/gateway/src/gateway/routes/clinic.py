"""The day of a branch: its board, the tasks of staff, and what was sent to patients."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response
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
from gateway.routes.access import AuditedRoute, Input, answer, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.instants import Instant
from gateway.routes.patients import own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Viewer = Annotated[Desk, Depends(desk_for("board.read"))]
TaskReader = Annotated[Desk, Depends(desk_for("tasks.read"))]
TaskWorker = Annotated[Desk, Depends(desk_with_key("tasks.work"))]
MessageReader = Annotated[Desk, Depends(desk_for("messages.read"))]
Braker = Annotated[Desk, Depends(desk_with_key("sending.brake"))]
BrakeReader = Annotated[Desk, Depends(desk_for("sending.brake"))]


@router.get("/api/v1/day-board")
async def board(
    desk: Viewer, branch_id: UUID, day: Annotated[date | None, Query(alias="date")] = None
) -> Response:
    """One branch's day in its local time (today, where no date is given); doctors and delegates see their agendas."""
    desk.about(branch_id=branch_id)
    desk.own_branch(branch_id)
    day = day or await desk.today(branch_id)
    shown = await day_board(
        desk.parts.asks,
        desk.caller,
        branch_id=branch_id,
        day=day,
        money=desk.sees_money,
        seconds=desk.parts.section_seconds,
        now=desk.now,
    )
    desk.about(date=day)
    return json_answer(orjson.dumps(shown))


# --- tasks ----------------------------------------------------------------------------------------------


class Outcome(Input):
    """How it ended."""

    outcome: Annotated[str, StringConstraints(max_length=500)] = ""


@router.get("/api/v1/tasks")
async def tasks(
    desk: TaskReader,
    status: Literal["open", "taken", "done"] | None = None,
    branch_id: UUID | None = None,
    patient_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """The queue, by due time; without `status` what is not done."""
    return await desk.pass_on(
        ListTasks(status=status, branch_id=branch_id, patient_id=patient_id, cursor=cursor, limit=limit)
    )


@router.post("/api/v1/tasks/{task_id}/take")
async def take(task_id: UUID, desk: TaskWorker) -> Response:
    """I do it."""
    desk.about(task_id=task_id)
    return answer(await desk.tell(TakeTask(task_id=task_id)))


@router.post("/api/v1/tasks/{task_id}/done")
async def done(task_id: UUID, desk: TaskWorker, body: Outcome | None = None) -> Response:
    """It is done."""
    desk.about(task_id=task_id)
    return answer(await desk.tell(FinishTask(task_id=task_id, outcome=body.outcome if body else "")))


# --- messages -------------------------------------------------------------------------------------------


class Brake(Input):
    """What to stop, or to let go; left out means all."""

    channel: Channel | None = None
    template: Annotated[str, StringConstraints(max_length=60)] | None = None


@router.get("/api/v1/messages")
async def messages(
    desk: MessageReader,
    patient_id: UUID,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """What went out to a patient and what came back, newest first."""
    desk.about(patient_id=patient_id)
    await own_patient(desk, patient_id)
    return await desk.pass_on(CommunicationsOf(patient_ids=[patient_id], cursor=cursor, limit=limit))


@router.get("/api/v1/messages/{message_id}/explanation")
async def explanation(message_id: UUID, desk: MessageReader, at: Instant | None = None) -> Response:
    """Why it went out or did not; `at` asks for another moment."""
    desk.about(message_id=message_id)
    return await desk.pass_on(ExplainMessage(message_id=message_id, at=at))


@router.get("/api/v1/sending", response_model=SendingState)
async def sending(desk: BrakeReader, hours: Annotated[int, Query(ge=1, le=336)] = 24) -> Response:
    """The brakes that are on, the limits of providers, and what is due within `hours` and blocked."""
    return await desk.pass_on(DescribeSending(hours=hours))


@router.post("/api/v1/sending/pause")
async def pause(desk: Braker, body: Brake | None = None) -> Response:
    """The brake."""
    body = body or Brake()
    desk.about(brake="pause", channel=body.channel, template=body.template)
    return answer(await desk.tell(PauseSending(channel=body.channel, template=body.template)))


@router.post("/api/v1/sending/resume")
async def resume(desk: Braker, body: Brake | None = None) -> Response:
    """Let go of the brake."""
    body = body or Brake()
    desk.about(brake="resume", channel=body.channel, template=body.template)
    return answer(await desk.tell(ResumeSending(channel=body.channel, template=body.template)))
