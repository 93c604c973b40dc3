"""The brake on sending."""

from typing import ClassVar

from common.contracts.messages import Command, Message
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
