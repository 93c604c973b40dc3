"""The three kinds of message, and what every one of them carries."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from common.ids import new_id

NetworkId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
"""An immutable slug: lower-case letters, digits and inner hyphens, at most 40 characters."""


class Message(BaseModel):
    """A frozen value; readers ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Money(Message):
    """An amount in the currency's minor units (2500000 is 25 000 ₸)."""

    amount: int
    currency: str = Field(min_length=3, max_length=3)


Reply = TypeVar("Reply", bound=Message)


class Request(Message, Generic[Reply]):
    """Something asked of an owner, answered by exactly one reply or refused with a code."""

    subject: ClassVar[str]

    @classmethod
    def owner(cls) -> str:
        """The service that answers: the first word of the subject."""
        return cls.subject.split(".", 1)[0]

    @classmethod
    def reply_type(cls) -> type[Reply]:
        """The class that answers, read from the type argument (`Query[FreeSlots]`)."""
        for base in cls.__mro__:
            arguments: tuple[Any, ...] = getattr(base, "__pydantic_generic_metadata__", {}).get("args", ())
            if arguments and isinstance(arguments[0], type):
                return cast("type[Reply]", arguments[0])
        raise TypeError(f"{cls.__name__} does not say what answers it")


class Query(Request[Reply], Generic[Reply]):
    """A question: changes nothing."""


class Command(Request[Reply], Generic[Reply]):
    """An order: the caller mints the ids, so that a retry is the same command."""

    command_id: UUID = Field(default_factory=new_id)


class Done(Message):
    """A command was carried out; `version` is that of the thing afterwards."""

    version: int


class Event(Message):
    """Something that happened: ids, the version and the whole non-personal state of one thing.

    `event_id` is also the `Nats-Msg-Id`; `version` counts 1, 2, 3… per thing and is given under its row lock.
    """

    subject: ClassVar[str]

    event_id: UUID = Field(default_factory=new_id)
    network_id: NetworkId
    occurred_at: AwareDatetime
    version: int = Field(ge=1)

    @classmethod
    def owner(cls) -> str:
        """The service that emits it: the first word of the subject."""
        return cls.subject.split(".", 1)[0]


class Listing(Message):
    """The paging part of a list question: `cursor` is what the last page returned as `next_cursor`."""

    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


__all__ = [
    "AwareDatetime",
    "Command",
    "Done",
    "Event",
    "Listing",
    "Message",
    "Money",
    "NetworkId",
    "Query",
    "Reply",
    "Request",
    "datetime",
]
