"""What went out to whom, what became of it, and why."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.directory import Locale
from common.contracts.messages import Event, Message, Money, Query
from common.contracts.notifications.calls import CallView
from common.contracts.patient_profile import Channel

MessageClass = Literal["immediate", "service", "marketing"]


Outcome = Literal[
    "planned", "sending", "accepted", "delivered", "read", "failed", "suppressed", "unknown", "cancelled"
]


class Reason(Message):
    """One step of a decision: which rule, what it found, and what it rests on. `source_urls` are the addresses of the
    laws and of the operators' rules among that."""

    rule: str
    result: str
    detail: dict[str, Any] = Field(default_factory=dict)
    source: str | None = None
    source_urls: list[str] = Field(default_factory=list)


class AttemptView(Message):
    """One try on one channel."""

    channel: Channel
    outcome: Literal["open", "accepted", "failed", "suppressed", "unknown"]
    delivery: Literal["none", "sent", "delivered", "read", "failed"] = "none"
    at: AwareDatetime
    reference: str
    reason: str | None = None
    segments: int | None = None
    """Of an SMS."""
    cost: Money | None = None
    """At the price of its day, where the channel has one."""
    text: str | None = None
    """What this channel was told, where the message went out on several; else the message's own text is it."""


class MessageView(Message):
    """One step of a chain, or one single message: as staff see it."""

    message_id: UUID
    patient_id: UUID
    appointment_id: UUID | None
    template: str
    step: str
    message_class: MessageClass
    locale: Locale | None
    target_at: AwareDatetime
    due_at: AwareDatetime | None
    outcome: Outcome
    reason: str | None = None
    text: str | None = None
    attempts: list[AttemptView] = Field(default_factory=list)
    created_at: AwareDatetime
    asks_for_reply: bool = False
    trace_id: str | None = None
    """The trace that the click, the plan and the provider call share."""
    template_version: str | None = None
    """The wording that was sent: `built-in`, the network's version, or `branch-` and the branch's."""


class InboundView(Message):
    """What a patient wrote or pressed."""

    inbound_id: UUID
    patient_id: UUID | None
    channel: Channel
    at: AwareDatetime
    text: str
    understood_as: str | None


class Communications(Message):
    """Both directions, newest first; `calls` are those with the patient, and those that could have been from them."""

    messages: list[MessageView]
    inbound: list[InboundView]
    next_cursor: str | None = None
    calls: list[CallView] = Field(default_factory=list)


class CommunicationsOf(Query[Communications]):
    """Communications of one patient (with the ids merged into it)."""

    subject: ClassVar[str] = "notifications.query.communications.of-patient.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=100)
    cursor: str | None = None
    limit: int = Field(default=100, ge=1, le=500)


class Explanation(Message):
    """The verdict as it was made (or as it would be made at another moment), with its ordered reasons."""

    message_id: UUID
    decided_at: AwareDatetime
    verdict: Literal["send", "wait", "drop"]
    channel: Channel | None
    send_at: AwareDatetime | None
    reasons: list[Reason]
    policy_version: str
    stored: bool
    policy_digest: str | None = None
    """SHA-256 of the country's pack that decided."""
    channels: list[Channel] = Field(default_factory=list)
    """All of those that it goes out on, where the step says several on purpose."""


class ExplainMessage(Query[Explanation]):
    """Why a message went out or did not; `at` asks for another moment. Refused: `unknown-message`."""

    subject: ClassVar[str] = "notifications.query.message.explain.v1"
    message_id: UUID
    at: AwareDatetime | None = None


class LastMessageStates(Message):
    """Appointment id -> outcome of its newest message (planned ones only where nothing was sent)."""

    states: dict[UUID, Outcome]


class GetLastMessageStates(Query[LastMessageStates]):
    """The day board's column."""

    subject: ClassVar[str] = "notifications.query.last-message-states.v1"
    appointment_ids: list[UUID] = Field(max_length=500)


class MessageCount(Message):
    """How many messages of one channel ended how."""

    channel: str
    outcome: str
    count: int


class ChannelCost(Message):
    """What one channel cost in one currency, in minor units: whatever a provider took is paid for."""

    channel: str
    currency: str
    attempts: int
    segments: int
    amount: int


class MessageReport(Message):
    """Messages by channel and outcome in a range of target instants, and what they cost where prices are known."""

    counts: list[MessageCount]
    costs: list[ChannelCost] = Field(default_factory=list)


class AskMessageReport(Query[MessageReport]):
    """By channel (`none` where no channel was tried) and outcome."""

    subject: ClassVar[str] = "notifications.query.report.v1"
    from_at: AwareDatetime
    to_at: AwareDatetime


class MessageEvent(Event):
    """What all message events carry. `origin_id` is the appointment or the outreach that asked for it."""

    message_id: UUID
    patient_id: UUID
    origin: Literal["appointment", "outreach"]
    origin_id: UUID
    template: str
    channel: Channel | None


class MessageAccepted(MessageEvent):
    """A provider has it."""

    subject: ClassVar[str] = "notifications.event.message.accepted.v1"


class MessageDelivered(MessageEvent):
    """It reached the patient."""

    subject: ClassVar[str] = "notifications.event.message.delivered.v1"


class MessageFailed(MessageEvent):
    """Every channel failed."""

    subject: ClassVar[str] = "notifications.event.message.failed.v1"
    reason: str


class MessageSuppressed(MessageEvent):
    """A rule said no."""

    subject: ClassVar[str] = "notifications.event.message.suppressed.v1"
    reason: str


class MessageUnknown(MessageEvent):
    """Its answer was lost and could not be found out."""

    subject: ClassVar[str] = "notifications.event.message.unknown.v1"
