"""What a thread remembers between two messages, sealed under a key of its own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import ConversationChanged
from common.sealed import Seal
from notifications.operations.telling import Telling
from notifications.rules.dialogue.values import State
from notifications.rules.texts import Button, Text
from notifications.tables import conversations
from notifications.tables.conversations import Thread, Utterance

FORGOTTEN_AFTER = timedelta(minutes=30)
"""A dialogue that nobody goes on with."""
AUTOMATION = "automation"
STATE, TEXT = "threads.dialogue", "utterances.text"


def remembered(thread: Thread, seal: Seal, *, now: datetime) -> State | None:
    """The state of its dialogue; None where there is none, or its time is over."""
    if thread.dialogue is None or thread.due_at is None or thread.due_at <= now:
        return None
    return State.model_validate(seal.open(thread.dialogue, about=STATE))


def to_remember(state: State | None, seal: Seal, *, now: datetime) -> dict[str, Any]:
    """The columns of a thread that hold its dialogue."""
    if state is None:
        return {"dialogue": None, "due_at": None, "leased_until": None}
    sealed = seal.close(state.model_dump(mode="json"), about=STATE)
    return {"dialogue": sealed, "due_at": now + FORGOTTEN_AFTER, "leased_until": None}


async def say(
    tx: AsyncConnection, thread: Thread, seal: Seal, text: Text, *, identity: UUID, author: str, now: datetime
) -> None:
    """Put it into the thread, to be handed to the provider. `identity` is the act that says it: it is said once."""
    body = {
        "lines": text.lines,
        "locale": text.locale,
        "buttons": [(one.title, one.payload) for one in text.buttons],
        "menu": text.menu,
    }
    await conversations.say(
        tx,
        Utterance(
            thread.network_id, uuid5(identity, "say"), thread.thread_id, author, seal.close(body, about=TEXT), now,
            "planned", None, None, now,
        ),
    )  # fmt: skip


def read(said: Utterance, seal: Seal) -> Text:
    """What was put into the thread."""
    body = seal.open(said.text, about=TEXT)
    buttons = tuple(Button(title, payload) for title, payload in body["buttons"])
    return Text(tuple(body["lines"]), body["locale"], buttons, menu=body["menu"])


async def change(
    tx: AsyncConnection, thread: Thread, telling: Telling, *, now: datetime, **changed: Any
) -> int:
    """Change a thread and tell whoever watches that there is something new in it; returns its new version."""
    version = await conversations.change(tx, thread, **changed)
    telling.event(
        ConversationChanged(
            network_id=thread.network_id, occurred_at=now, version=version, conversation_id=thread.thread_id,
            branch_id=changed.get("branch_id", thread.branch_id),
            open=changed.get("paused_at", thread.paused_at) is not None,
            task_id=changed.get("task_id", thread.task_id),
        )
    )  # fmt: skip
    return version
