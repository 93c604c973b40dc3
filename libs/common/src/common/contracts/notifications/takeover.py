"""Conversations as staff see them, and as they take part in them."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.directory import Locale
from common.contracts.messages import Command, Done, Event, Message, Query
from common.contracts.notifications.messages import Outcome
from common.contracts.patient_profile import Channel


class ConversationLine(Message):
    """One message of a conversation. `author` is `patient`, `automation` or `staff:<id>`; states are of ours only."""

    line_id: UUID
    at: AwareDatetime
    author: str
    text: str
    outcome: Outcome | None = None


class ConversationView(Message):
    """A conversation by one channel with one address. `open` means that a person has taken over."""

    conversation_id: UUID
    version: int
    channel: Channel
    patient_ids: list[UUID]
    branch_id: UUID | None
    locale: Locale | None
    heard_at: AwareDatetime
    open: bool
    paused_at: AwareDatetime | None
    waiting_since: AwareDatetime | None
    """Since when the patient waits for a person's answer."""
    answer_until: AwareDatetime | None
    """The channel takes free text until then; None where it always does."""
    task_id: UUID | None
    last: ConversationLine | None = None


class Conversations(Message):
    """Those that wait longest come first; closed ones by when they were last heard of."""

    conversations: list[ConversationView]


class ListConversations(Query[Conversations]):
    """`open` means those that a person has taken over; False lists the others."""

    subject: ClassVar[str] = "notifications.query.conversations.list.v1"
    open: bool = True
    limit: int = Field(default=50, ge=1, le=200)


class Conversation(Message):
    """One conversation with its transcript, oldest first."""

    conversation: ConversationView
    lines: list[ConversationLine]


class GetConversation(Query[Conversation]):
    """By its id, or by the task that asked for a person. Refused: `unknown-conversation`."""

    subject: ClassVar[str] = "notifications.query.conversation.get.v1"
    conversation_id: UUID | None = None
    task_id: UUID | None = None
    limit: int = Field(default=200, ge=1, le=500)


class SayInConversation(Command[Done]):
    """A member of staff answers; automation pauses where it has not. Refused: `unknown-conversation`, `window-closed`."""

    subject: ClassVar[str] = "notifications.command.conversation.say.v1"
    conversation_id: UUID
    text: str = Field(min_length=1, max_length=1000)


class ResumeConversation(Command[Done]):
    """Automation answers again. Resuming what goes on by itself changes nothing. Refused: `unknown-conversation`."""

    subject: ClassVar[str] = "notifications.command.conversation.resume.v1"
    conversation_id: UUID


class ConversationChanged(Event):
    """Something new in a conversation; whoever shows it asks for it."""

    subject: ClassVar[str] = "notifications.event.conversation.changed.v1"
    conversation_id: UUID
    branch_id: UUID | None
    open: bool
    task_id: UUID | None
