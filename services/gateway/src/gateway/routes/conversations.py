"""Conversations with patients that people take over, and whom to call about tomorrow."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator, StringConstraints

from common.contracts.notifications import (
    GetConversation,
    ListConversations,
    ResumeConversation,
    SayInConversation,
)
from gateway.queries.call_list import call_list
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
)
from gateway.routes.patients import own_branch
from gateway.rules.permissions import allowed

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Talker = Annotated[Principal, Depends(may("conversations.work"))]
Caller = Annotated[Principal, Depends(may("calls.read"))]


Flag = Annotated[bool, BeforeValidator(lambda given: given or given == "")]
"""A bare `?open` means yes."""


class Words(Input):
    """What a member of staff says."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


@router.get("/api/v1/conversations")
async def conversations(
    parts: PartsHere,
    principal: Talker,
    open: Flag = True,  # noqa: A002 - the word of the interface
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Those in which a patient waits for a person, longest first; with `open=false` the others."""
    question = ListConversations(open=open, limit=limit)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/conversations/of-task/{task_id}")
async def conversation_of_task(
    task_id: UUID, request: Request, parts: PartsHere, principal: Talker
) -> Response:
    """The conversation that a task asked a person for."""
    about(request, task_id=task_id)
    question = GetConversation(task_id=task_id)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/conversations/{conversation_id}")
async def conversation(
    conversation_id: UUID, request: Request, parts: PartsHere, principal: Talker
) -> Response:
    """One conversation with its transcript, oldest first."""
    about(request, conversation_id=conversation_id)
    question = GetConversation(conversation_id=conversation_id)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.post("/api/v1/conversations/{conversation_id}/messages", status_code=201)
async def say(
    conversation_id: UUID,
    body: Words,
    request: Request,
    parts: PartsHere,
    principal: Talker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answer in the patient's own channel. 409 `window-closed` where it takes no free text any more."""
    about(request, conversation_id=conversation_id)
    ids = await minted(request, principal, idempotency_key)
    command = SayInConversation(command_id=ids.id("say"), conversation_id=conversation_id, text=body.text)
    return answer(await carry_out(parts, command, principal.caller), 201)


@router.post("/api/v1/conversations/{conversation_id}/resume")
async def resume(
    conversation_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Talker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Automation answers again; so it does when the task is done."""
    about(request, conversation_id=conversation_id)
    ids = await minted(request, principal, idempotency_key)
    command = ResumeConversation(command_id=ids.id("resume"), conversation_id=conversation_id)
    return answer(await carry_out(parts, command, principal.caller))


@router.get("/api/v1/call-list")
async def calls(
    request: Request,
    parts: PartsHere,
    principal: Caller,
    branch_id: UUID,
    day: Annotated[date | None, Query(alias="date")] = None,
) -> Response:
    """Who has not confirmed for a day (tomorrow at the branch, where none is given), by start."""
    about(request, branch_id=branch_id)
    own_branch(principal, branch_id)
    now = parts.clock.now()
    if day is None:
        branch = await parts.public_directory.branch(principal.network_id, branch_id)
        day = now.astimezone(ZoneInfo(branch.zone)).date() + timedelta(days=1)
    about(request, date=day)
    shown = await call_list(
        parts.asks, principal.caller, branch_id=branch_id, day=day, now=now, seconds=parts.section_seconds,
        phones=allowed(principal.roles, "patients.search"),
    )  # fmt: skip
    return json_answer(orjson.dumps(shown))
