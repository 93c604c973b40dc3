"""Conversations with patients that people take over, and whom to call about tomorrow."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator, StringConstraints

from common.contracts.messages import Message
from common.contracts.notifications import (
    ConversationView,
    GetConversation,
    ListConversations,
    ResumeConversation,
    SayInConversation,
)
from common.contracts.patient_profile import GetCards
from gateway.queries.call_list import call_list
from gateway.queries.day_board import BATCH, asked_if_there
from gateway.routes.access import AuditedRoute, Input, answer, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Talker = Annotated[Desk, Depends(desk_with_key("conversations.work"))]
Listener = Annotated[Desk, Depends(desk_for("conversations.work"))]
Caller = Annotated[Desk, Depends(desk_for("calls.read"))]


Flag = Annotated[bool, BeforeValidator(lambda given: given or given == "")]
"""A bare `?open` means yes."""


class Words(Input):
    """What a member of staff says."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


async def _with_names(desk: Desk, told: Message, conversations: Sequence[ConversationView]) -> Response:
    """What was told, and the patients' `names` by id; while their owner is away it is named in `unavailable`."""
    patients = list(dict.fromkeys(one for each in conversations for one in each.patient_ids))[:BATCH]
    cards = None
    absent: set[str] = set()
    if patients:
        question = GetCards(patient_ids=patients)
        cards = await asked_if_there(
            desk.parts.asks, question, desk.caller, desk.parts.section_seconds, absent
        )
    names = {str(key): card.full_name for key, card in cards.cards.items()} if cards else {}
    desk.about(found=",".join(list(names)[:20]))
    return json_answer(
        orjson.dumps({**told.model_dump(mode="json"), "names": names, "unavailable": sorted(absent)})
    )


@router.get("/api/v1/conversations")
async def conversations(
    desk: Listener,
    open: Flag = True,  # noqa: A002 - the word of the interface
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Those in which a patient waits for a person, longest first; with `open=false` the others. `names` by patient."""
    told = await desk.ask(ListConversations(open=open, limit=limit))
    return await _with_names(desk, told, told.conversations)


@router.get("/api/v1/conversations/of-task/{task_id}")
async def conversation_of_task(task_id: UUID, desk: Listener) -> Response:
    """The conversation that a task asked a person for."""
    desk.about(task_id=task_id)
    told = await desk.ask(GetConversation(task_id=task_id))
    return await _with_names(desk, told, [told.conversation])


@router.get("/api/v1/conversations/{conversation_id}")
async def conversation(conversation_id: UUID, desk: Listener) -> Response:
    """One conversation with its transcript, oldest first."""
    desk.about(conversation_id=conversation_id)
    told = await desk.ask(GetConversation(conversation_id=conversation_id))
    return await _with_names(desk, told, [told.conversation])


@router.post("/api/v1/conversations/{conversation_id}/messages", status_code=201)
async def say(conversation_id: UUID, body: Words, desk: Talker) -> Response:
    """Answer in the patient's own channel. 409 `window-closed` where it takes no free text any more."""
    desk.about(conversation_id=conversation_id)
    return answer(await desk.tell(SayInConversation(conversation_id=conversation_id, text=body.text)), 201)


@router.post("/api/v1/conversations/{conversation_id}/resume")
async def resume(conversation_id: UUID, desk: Talker) -> Response:
    """Automation answers again; so it does when the task is done."""
    desk.about(conversation_id=conversation_id)
    return answer(await desk.tell(ResumeConversation(conversation_id=conversation_id)))


@router.get("/api/v1/call-list")
async def calls(
    desk: Caller, branch_id: UUID, day: Annotated[date | None, Query(alias="date")] = None
) -> Response:
    """Who has not confirmed for a day (tomorrow at the branch, where none is given), by start."""
    desk.about(branch_id=branch_id)
    desk.own_branch(branch_id)
    day = day or await desk.today(branch_id) + timedelta(days=1)
    desk.about(date=day)
    shown = await call_list(
        desk.parts.asks, desk.caller, branch_id=branch_id, day=day, now=desk.now, seconds=desk.parts.section_seconds,
        phones=desk.may("patients.search"),
    )  # fmt: skip
    return json_answer(orjson.dumps(shown))
