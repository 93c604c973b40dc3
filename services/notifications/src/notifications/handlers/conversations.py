"""Conversations: what staff see of them, and how they take part."""

from common.caller import Caller
from common.contracts.messages import Done
from common.contracts.notifications import (
    Conversation,
    Conversations,
    GetConversation,
    ListConversations,
    ResumeConversation,
    SayInConversation,
)
from common.contracts.patient_profile import TaskFinished
from common.errors import NotAllowed
from notifications.handlers.registry import answers, readers
from notifications.operations.conversations import desk
from notifications.operations.parts import Parts
from notifications.queries import conversations

MAY_TALK = frozenset({"reception", "manager"})


@answers.to(ListConversations)
async def listed(query: ListConversations, caller: Caller, parts: Parts) -> Conversations:
    _may_talk(caller)
    async with parts.database.reading(caller.network_id) as tx:
        return await conversations.listed(tx, query, caller, parts.sealer)


@answers.to(GetConversation)
async def conversation(query: GetConversation, caller: Caller, parts: Parts) -> Conversation:
    _may_talk(caller)
    async with parts.database.reading(caller.network_id) as tx:
        return await conversations.transcript(tx, query, caller, parts.sealer)


@answers.to(SayInConversation)
async def say(command: SayInConversation, caller: Caller, parts: Parts) -> Done:
    _may_talk(caller)
    now = parts.clock.now()
    done = await parts.database.once(
        command, caller.network_id, lambda tx: desk.say(tx, parts, command, caller, now=now)
    )
    parts.wakes.saying()
    return done


@answers.to(ResumeConversation)
async def resume(command: ResumeConversation, caller: Caller, parts: Parts) -> Done:
    _may_talk(caller)
    return await parts.carry_out(desk.resume, command, caller)


def _may_talk(caller: Caller) -> None:
    if not MAY_TALK.intersection(caller.roles):
        raise NotAllowed("Conversations with patients are for reception and managers")


@readers.of(TaskFinished, durable="notifications-tasks")
async def go_on(event: TaskFinished, parts: Parts) -> None:
    async with parts.database.applying(event, "notifications-tasks") as tx:
        await desk.finished(tx, event, now=parts.clock.now())
