"""The brake on sending, and everything else that keeps messages from going out."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from common.contracts.messages import Command, Message, Query
from common.contracts.patient_profile import Channel


class BrakeState(Message):
    """What is stopped; None means every channel or every template."""

    paused: list[dict[str, str | None]]


class PauseSending(Command[BrakeState]):
    """The audited brake."""

    subject: ClassVar[str] = "notifications.command.sending.pause.v1"
    channel: Channel | None = None
    template: str | None = None


class ResumeSending(Command[BrakeState]):
    """Let go of the brake; what lapsed meanwhile is decided again."""

    subject: ClassVar[str] = "notifications.command.sending.resume.v1"
    channel: Channel | None = None
    template: str | None = None


class BrakeView(Message):
    """One brake that is on; None means every channel or every template."""

    channel: Channel | None
    template: str | None
    paused_at: AwareDatetime
    paused_by: str


class ProviderLimit(Message):
    """A channel that waits because its provider has had enough. `strikes` counts the pauses that did not help."""

    channel: Channel
    until: AwareDatetime
    strikes: int


Blockage = Literal["paused", "provider-busy", "not-reached", "overdue"]
"""`not-reached`: the provider could not be reached; `overdue`: nobody has decided, an owner of facts may be down."""


class BlockedMessages(Message):
    """Messages of one template that should go out and do not; `first_at` is the earliest instant meant for one."""

    why: Blockage
    template: str
    count: int
    first_at: AwareDatetime


class SendingState(Message):
    """What stands still, why, and what waits because of it."""

    brakes: list[BrakeView]
    limits: list[ProviderLimit]
    blocked: list[BlockedMessages]


class DescribeSending(Query[SendingState]):
    """How sending stands: `hours` is how far ahead "due soon" looks."""

    subject: ClassVar[str] = "notifications.query.sending.describe.v1"
    hours: int = Field(default=24, ge=1, le=24 * 14)
