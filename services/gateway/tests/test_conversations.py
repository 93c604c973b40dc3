"""Conversations that staff take over, and the list of whom to call, over HTTP."""

from collections.abc import AsyncIterator
from typing import Any, Literal
from uuid import UUID

import pytest

from common.caller import Caller
from common.contracts.messages import Done
from common.contracts.notifications import (
    Conversation,
    Conversations,
    ConversationView,
    GetConversation,
    ListConversations,
    ResumeConversation,
    SayInConversation,
)
from common.contracts.patient_profile import Task
from common.errors import Refused, UnknownThing
from common.ids import new_id
from common.rpc import Answers

from .conftest import Api
from .owners import START, Owners, known

SHOWN = ConversationView(
    conversation_id=known("conversation"), version=3, channel="whatsapp", patient_ids=[known("patient")], branch_id=None,
    locale="ru", heard_at=START, open=True, paused_at=START, waiting_since=START, answer_until=START,
    task_id=known("task"),
)  # fmt: skip


class Desk:
    """What notifications was told."""

    def __init__(self) -> None:
        self.said: list[SayInConversation] = []
        self.resumed: list[UUID] = []
        self.closed = False


@pytest.fixture
async def desk(api: Api, answering: Any) -> AsyncIterator[Desk]:
    answers = Answers[Desk]()

    @answers.to(ListConversations)
    async def listed(query: ListConversations, caller: Caller, desk: Desk) -> Conversations:
        return Conversations(conversations=[SHOWN] if query.open else [])

    @answers.to(GetConversation)
    async def one(query: GetConversation, caller: Caller, desk: Desk) -> Conversation:
        if SHOWN.conversation_id != query.conversation_id and SHOWN.task_id != query.task_id:
            raise UnknownThing("conversation", query.conversation_id)
        return Conversation(conversation=SHOWN, lines=[])

    @answers.to(SayInConversation)
    async def say(command: SayInConversation, caller: Caller, desk: Desk) -> Done:
        if desk.closed:
            raise Refused(code="window-closed")
        desk.said.append(command)
        return Done(version=4)

    @answers.to(ResumeConversation)
    async def resume(command: ResumeConversation, caller: Caller, desk: Desk) -> Done:
        desk.resumed.append(command.conversation_id)
        return Done(version=5)

    made = Desk()
    async with answering(answers, made):
        yield made


URL = f"/api/v1/conversations/{SHOWN.conversation_id}"


async def test_reception_reads_answers_and_gives_back_a_conversation(api: Api, desk: Desk) -> None:
    headers = await api.bearer("reception")
    listed = (await api.get("/api/v1/conversations?open", headers=headers)).json()["conversations"]
    assert [one["conversation_id"] for one in listed] == [str(SHOWN.conversation_id)]
    others = (await api.get("/api/v1/conversations", params={"open": False}, headers=headers)).json()
    assert others["conversations"] == []
    assert (await api.get(URL, headers=headers)).json()["lines"] == []
    of_task = await api.get(f"/api/v1/conversations/of-task/{SHOWN.task_id}", headers=headers)
    assert of_task.json()["conversation"]["conversation_id"] == str(SHOWN.conversation_id)
    said = await api.post(f"{URL}/messages", json={"text": " Добрый день! "}, headers=headers)
    assert said.status_code == 201
    assert [one.text for one in desk.said] == ["Добрый день!"]
    assert (await api.post(f"{URL}/resume", headers=headers)).json() == {"version": 5}
    assert desk.resumed == [SHOWN.conversation_id]


async def test_conversations_name_their_patients_and_are_shown_without_names_while_the_cards_are_away(
    api: Api, owners: Owners, desk: Desk
) -> None:
    headers = await api.bearer("reception")
    patient = str(SHOWN.patient_ids[0])
    owners.patients["Асель Ким", "+77010000009"] = SHOWN.patient_ids[0]
    for url in ("/api/v1/conversations", URL, f"/api/v1/conversations/of-task/{SHOWN.task_id}"):
        names = (await api.get(url, headers=headers)).raise_for_status().json()["names"]
        assert list(names) == [patient], url
        assert names[patient], url
    owners.unavailable.add("patient_profile")
    shown = (await api.get(URL, headers=headers)).raise_for_status().json()
    assert (shown["names"], shown["conversation"]["patient_ids"]) == ({}, [patient])
    assert shown["unavailable"] == ["patient_profile"]


async def test_a_repeated_answer_is_the_same_command(api: Api, desk: Desk) -> None:
    headers = {**await api.bearer("reception"), "Idempotency-Key": "answer"}
    for _ in range(2):
        await api.post(f"{URL}/messages", json={"text": "Да"}, headers=headers)
    assert len({one.command_id for one in desk.said}) == 1


async def test_a_channel_that_takes_no_text_any_more_is_said_as_a_conflict(api: Api, desk: Desk) -> None:
    desk.closed = True
    answer = await api.post(f"{URL}/messages", json={"text": "Да"}, headers=await api.bearer("manager"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/window-closed")


async def test_conversations_are_not_for_everybody_and_an_unknown_one_is_not_found(
    api: Api, desk: Desk
) -> None:
    for role in ("doctor", "accounting", "admin"):
        assert (await api.get(URL, headers=await api.bearer(role))).status_code == 403
    unknown = await api.get(f"/api/v1/conversations/{new_id()}", headers=await api.bearer("reception"))
    assert unknown.status_code == 404


async def test_the_call_list_has_who_has_not_confirmed_by_start_with_phone_and_state(
    api: Api, owners: Owners
) -> None:
    later = await api.book(owners, starts_at="2026-11-03T15:00:00+05:00")
    first = await api.book(owners)
    confirmed = await api.book(owners, starts_at="2026-11-03T12:00:00+05:00")
    await api.post(f"/api/v1/links/{confirmed['token']}/confirm")
    headers = await api.bearer("reception")
    question = {"branch_id": str(owners.branch_id)}
    shown = (await api.get("/api/v1/call-list", params=question, headers=headers)).json()
    assert shown["date"] == "2026-11-03"
    assert [row["appointment"]["id"] for row in shown["rows"]] == [first["id"], later["id"]]
    row = shown["rows"][0]
    assert row["patient"]["phone"] == "+77010000001"
    assert {(one["message"], one["reason"]) for one in shown["rows"]} == {
        ("delivered", "not-confirmed"), ("none", "not-reached")
    }  # fmt: skip
    owners.unavailable.add("notifications")
    shown = (await api.get("/api/v1/call-list", params=question, headers=headers)).json()
    assert (shown["rows"][0]["message"], shown["unavailable"]) == ("unknown", ["notifications"])
    assert shown["rows"][0]["reason"] == "not-confirmed"


def task_about(appointment: dict[str, Any], status: Literal["open", "done"], outcome: str | None) -> Task:
    return Task(
        task_id=new_id(), kind="unreachable", status=status, branch_id=None, patient_id=appointment["patient_id"],
        appointment_id=appointment["id"], due_at=START, assignee=None, created_at=START, reason="all-channels-failed",
        outcome=outcome, version=1,
    )  # fmt: skip


async def test_the_call_list_says_what_came_of_the_call_before(api: Api, owners: Owners) -> None:
    called = await api.book(owners)
    await api.book(owners, starts_at="2026-11-03T15:00:00+05:00")
    owners.tasks += [task_about(called, "done", "перезвонить вечером"), task_about(called, "open", None)]
    question = {"branch_id": str(owners.branch_id), "date": "2026-11-03"}
    shown = await api.get("/api/v1/call-list", params=question, headers=await api.bearer("reception"))
    first, later = shown.raise_for_status().json()["rows"]
    assert (first["task"]["status"], first["reason"], first["outcome"]) == (
        "open", "all-channels-failed", "перезвонить вечером",
    )  # fmt: skip
    assert (later["task"], later["outcome"]) == (None, None)


async def test_the_call_list_is_of_ones_own_branches_and_for_those_who_call(api: Api, owners: Owners) -> None:
    question = {"branch_id": str(owners.other_branch_id)}
    reception = await api.bearer("reception", branch_ids=[owners.branch_id])
    assert (await api.get("/api/v1/call-list", params=question, headers=reception)).status_code == 404
    doctor = await api.bearer("doctor")
    assert (await api.get("/api/v1/call-list", params=question, headers=doctor)).status_code == 403
