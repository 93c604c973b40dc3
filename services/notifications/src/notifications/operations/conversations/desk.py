"""Staff in a conversation: they answer in it, and give it back to automation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.caller import Caller
from common.contracts.messages import Done
from common.contracts.notifications import ResumeConversation, SayInConversation
from common.contracts.patient_profile import TaskFinished
from common.errors import Refused, UnknownThing
from notifications.operations.conversations import keeping
from notifications.operations.conversations.handover import RESUMED
from notifications.operations.parts import Parts
from notifications.operations.telling import Telling
from notifications.rules.conversations import answer_until
from notifications.rules.texts import Text
from notifications.tables import conversations
from notifications.tables.conversations import Thread


class WindowClosed(Refused):
    """The channel takes free text only for a day after the patient wrote; `extra["channel"]` says which it is."""

    code = "window-closed"


async def say(
    tx: AsyncConnection, parts: Parts, command: SayInConversation, caller: Caller, *, now: datetime
) -> Done:
    """An answer of a person. Automation stands back from then on, also where nobody had asked it to."""
    thread = await _held(tx, caller, command.conversation_id)
    until = answer_until(thread.channel, thread.heard_at)
    if until is not None and now >= until:
        raise WindowClosed("The patient wrote too long ago", channel=thread.channel)
    seal = await parts.sealer.of(tx, thread.network_id, thread.thread_id)
    text = Text(tuple(command.text.splitlines()), thread.locale or "en")
    await keeping.say(tx, thread, seal, text, identity=command.command_id, author=caller.actor, now=now)
    telling = Telling(now)
    version = await keeping.change(
        tx,
        thread,
        telling,
        now=now,
        paused_at=thread.paused_at or now,
        waiting_since=None,
        dialogue=None,
        due_at=None,
    )
    await telling.write(tx)
    return Done(version=version)


async def resume(tx: AsyncConnection, command: ResumeConversation, caller: Caller, *, now: datetime) -> Done:
    """Automation answers again."""
    thread = await _held(tx, caller, command.conversation_id)
    return Done(version=await _resume(tx, thread, now))


async def finished(tx: AsyncConnection, event: TaskFinished, *, now: datetime) -> None:
    """The task that paused a thread is done: so is the pause."""
    thread = await conversations.of_task(tx, event.network_id, event.task_id)
    if thread is not None:
        await _resume(tx, thread, now)


async def _resume(tx: AsyncConnection, thread: Thread, now: datetime) -> int:
    if thread.paused_at is None:
        return thread.version
    telling = Telling(now)
    version = await keeping.change(tx, thread, telling, now=now, **RESUMED)
    await telling.write(tx)
    return version


async def _held(tx: AsyncConnection, caller: Caller, thread_id: UUID) -> Thread:
    """Raises `unknown-conversation`, also for one of a branch that is not the caller's."""
    thread = await conversations.thread(tx, caller.network_id, thread_id, lock=True)
    if thread is None or not conversations.concerns(thread, caller.branches):
        raise UnknownThing("conversation", thread_id)
    return thread
