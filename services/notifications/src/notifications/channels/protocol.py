"""What a channel is to us: a call with an outcome, and webhooks that tell states and replies."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from common.contracts.patient_profile import Channel
from notifications.rules.texts import Text


@dataclass(frozen=True)
class Enclosure:
    """What only an e-mail carries. `subject` says nothing about health; `thread` is the same for every mail about one
    thing; `link` opens what it is about, `unsubscribe` ends invitations by one POST (RFC 8058)."""

    sender_name: str
    subject: str
    thread: str
    link: str = ""
    unsubscribe: str = ""
    unsubscribe_title: str = ""
    calendar: bytes = b""
    calendar_method: str = ""


@dataclass(frozen=True)
class Letter:
    """One message to one address. `reference` is our attempt; `free` is an answer inside an open conversation,
    `by_person` one that a person of the clinic wrote."""

    reference: str
    network_id: str
    to: str
    template: str
    text: Text
    free: bool = False
    by_person: bool = False
    enclosure: Enclosure | None = None
    expires_at: datetime | None = None
    """When it is of no more use: a provider that can is told to give it up then."""


@dataclass(frozen=True)
class Accepted:
    """The provider has it, under its own id. `final`: it will never tell more than that."""

    provider_id: str
    final: bool = False


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
Leaving = Callable[[], Awaitable[None]]
"""The last look before a letter leaves: raises what stops it."""


async def nothing_stops_it() -> None:
    """For letters that are not decided about: answers in a conversation."""


Delivery = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True)
class Status:
    """A state told by a webhook, for the message with this id or this reference of ours."""

    channel: Channel
    provider_id: str
    reference: str | None
    delivery: Delivery
    reason: str | None = None
    comes_late: bool = False
    """The channel had taken it for good, and nobody waited for more: where it has failed, the next one has its turn."""
    account: str | None = None
    """Whose it is, by the provider's own id, where a webhook says so."""


@dataclass(frozen=True)
class Written:
    """What a patient wrote or pressed. `answers` is the provider's id of the message that it answers, `code` what a
    link into the chat carried, `press` the provider's id of a press that its app waits to see taken."""

    channel: Channel
    provider_id: str
    sender: str
    text: str
    payload: str | None = None
    answers: str | None = None
    code: str | None = None
    press: str | None = None
    contact: str | None = None
    """Their own phone, shared by a button of the channel's, which vouches for it."""
    account: str | None = None
    """To whom they wrote, by the provider's own id, where a webhook says so."""


@dataclass(frozen=True)
class Known:
    """What a look-up found: the provider's id and state, or nothing."""

    provider_id: str
    delivery: Delivery | None


Webhook = tuple[list[Status], list[Written]]
Hook = Callable[[bytes, Mapping[str, str]], Webhook]
"""Reads one webhook: its body, and the query of the address that it came to."""


class Adapter(Protocol):
    """One channel's provider. Adapters subclass it and keep what holds for most: no look-up, no repeating."""

    channel: Channel
    buttons: bool
    shares_phone: bool = False
    """Whether it has a button that makes the patient's app send their own phone (`SHARE_PHONE`)."""
    looks_up: bool = False
    """Whether `find` can tell if the provider has a message."""
    repeatable: bool = False
    """Whether the provider takes one reference once, however often it is sent: an unsure send is sent again."""

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        """Hand it over; never raises for what the network or the provider does.

        `leaving` is awaited when the connection stands and nothing of the letter has been said over it yet: however
        long that took, what stops the letter by then stops it. What it raises is let through.
        """

    async def find(
        self, letter: Letter, since: datetime, others: Collection[str] = ()
    ) -> Known | Literal["cannot-tell"] | None:
        """Whether the provider has it; `cannot-tell` where it offers no way to find out.

        `others` are the provider's ids of what is known to have been sent to this address beside it.
        """
        del letter, since, others
        return "cannot-tell"

    async def took(self, network_id: str, written: Written) -> None:
        """Tell the patient's app that a press has arrived, where it waits for that; never raises."""
        del network_id, written

    def serves(self, network_id: str) -> bool:
        """Whether this network has an account with the provider."""
        del network_id
        return True
