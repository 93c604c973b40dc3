"""What a channel is to us: a call with an outcome, and webhooks that tell states and replies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from common.contracts.patient_profile import Channel
from notifications.rules.texts import Text


@dataclass(frozen=True)
class Letter:
    """One message to one address. `reference` is our attempt; `free` is an answer inside an open conversation."""

    reference: str
    network_id: str
    to: str
    template: str
    text: Text
    free: bool = False


@dataclass(frozen=True)
class Accepted:
    """The provider has it, under its own id."""

    provider_id: str


@dataclass(frozen=True)
class Refused:
    """It said no, and will say no again: another channel."""

    reason: str


@dataclass(frozen=True)
class TooMany:
    """It refused before accepting, for now."""

    retry_after: float | None


@dataclass(frozen=True)
class NotReached:
    """The call never got there."""


@dataclass(frozen=True)
class Unsure:
    """It may have it: no answer, or an answer that does not tell."""

    reason: str


Outcome = Accepted | Refused | TooMany | NotReached | Unsure
Delivery = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True)
class Status:
    """A state told by a webhook, for the message with this id or this reference of ours."""

    channel: Channel
    provider_id: str
    reference: str | None
    delivery: Delivery
    reason: str | None = None


@dataclass(frozen=True)
class Written:
    """What a patient wrote or pressed. `answers` is the provider's id of the message that it answers."""

    channel: Channel
    provider_id: str
    sender: str
    text: str
    payload: str | None = None
    answers: str | None = None


@dataclass(frozen=True)
class Known:
    """What a look-up found: the provider's id and state, or nothing."""

    provider_id: str
    delivery: Delivery | None


class Adapter(Protocol):
    """One channel's provider."""

    channel: Channel
    buttons: bool

    async def send(self, letter: Letter) -> Outcome:
        """Hand it over; never raises for what the network or the provider does."""

    async def find(self, letter: Letter, since: datetime) -> Known | Literal["cannot-tell"] | None:
        """Whether the provider has it; `cannot-tell` where it offers no way to find out."""
