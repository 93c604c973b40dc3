"""What comes in from providers and patients, and what was understood."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Command, Event, Message
from common.contracts.patient_profile import TaskKind


class Ingested(Message):
    """`fresh` is false when this very webhook was stored before."""

    fresh: bool


class IngestWebhook(Command[Ingested]):
    """A provider's webhook, verified by the gateway, to be stored raw before anything is understood.

    `command_id` is derived from the body, so that a repeated webhook is the same command.
    """

    subject: ClassVar[str] = "notifications.command.webhook.ingest.v1"
    provider: Literal["whatsapp", "sms", "kavenegar", "email", "telegram", "line", "instagram", "voice"]
    content_type: str
    query: dict[str, str] = Field(default_factory=dict)
    body: str = Field(max_length=1_000_000)


class ReplyUnderstood(Event):
    """A patient's reply was understood and carried out. `version` is 1: a reply happens once."""

    subject: ClassVar[str] = "notifications.event.reply.understood.v1"
    inbound_id: UUID
    patient_id: UUID
    appointment_id: UUID | None
    intent: Literal["confirm", "move", "cancel", "stop", "operator", "accept", "decline", "choose"]
    """`accept` and `decline` answer a freed time, `choose` one of the times held for a displaced visit."""


class SurveyAnswered(Event):
    """A patient said how a visit was. `version` is 1: a reply happens once; of two about one visit the later counts."""

    subject: ClassVar[str] = "notifications.event.survey.answered.v1"
    inbound_id: UUID
    message_id: UUID
    """The survey that it answers."""
    patient_id: UUID
    appointment_id: UUID | None
    score: int = Field(ge=1, le=5)


class MedicineTaken(Event):
    """A patient said that they took what they were reminded of. `version` is 1: it is told once for each reminder."""

    subject: ClassVar[str] = "notifications.event.medicine.taken.v1"
    inbound_id: UUID
    outreach_id: UUID
    """The reminder, as recall ordered it."""
    patient_id: UUID


class TaskRaised(Event):
    """A person is needed; patient-profile owns the queue. Emitted by any service under its own subject."""

    subject: ClassVar[str] = "notifications.event.task.raised.v1"
    task_id: UUID
    kind: TaskKind
    patient_id: UUID | None
    appointment_id: UUID | None
    branch_id: UUID | None
    due_at: AwareDatetime
    reason: str = Field(max_length=200)
    """A code or a fixed phrase, never a patient's words."""
