"""Telephone calls, both ways: what the telephony tells of them, what a patient is told, and what is kept of each."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Command, Done, Event, Message, Query

Direction = Literal["inbound", "outbound"]
CallState = Literal["ringing", "answered", "ended", "missed"]
"""`missed`: it ended without anybody having answered, at whichever end it rang."""

Telephony = Literal[
    "queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"
]
"""A call's state in the telephony's own words."""


class RecordCall(Command[Done]):
    """The telephony tells how a call stands. Repeated and late words change nothing: a call only moves forward.

    `reference` is our attempt, where the call is ours; `machine`: an answering machine took it.
    """

    subject: ClassVar[str] = "notifications.command.call.record.v1"
    provider_id: str = Field(max_length=80)
    direction: Direction
    status: Telephony
    patient_number: str = Field(max_length=40)
    clinic_number: str = Field(default="", max_length=80)
    reference: UUID | None = None
    machine: bool = False
    seconds: int | None = None


class CallTurn(Message):
    """What the telephony is told to say and do next (TwiML)."""

    document: str


class ContinueCall(Command[CallTurn]):
    """The patient listens, or has pressed a key (`digits` is empty where none was pressed in time).

    The same `step` of the same call is answered by the same words again, and acts once.
    """

    subject: ClassVar[str] = "notifications.command.call.continue.v1"
    provider_id: str = Field(max_length=80)
    reference: UUID
    step: int = Field(ge=0, le=100)
    digits: str = Field(default="", max_length=20)
    machine: bool = False


class CallLeg(Message):
    """One turn of a conversation by keypad: what was pressed before it (None: the call was picked up)."""

    at: AwareDatetime
    digits: str | None
    act: str


class CallView(Message):
    """One call as staff see it. `candidates` are those whom an incoming call could be from: a list, never a guess."""

    call_id: UUID
    direction: Direction
    state: CallState
    number: str
    branch_id: UUID | None
    patient_id: UUID | None
    candidates: list[UUID]
    message_id: UUID | None
    at: AwareDatetime
    answered_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    seconds: int | None
    reason: str | None
    legs: list[CallLeg] = Field(default_factory=list)


class CallCounts(Message):
    """How many calls came in, and what became of them; those that still ring are in `total` alone."""

    total: int
    answered: int
    missed: int


class Calls(Message):
    """Calls, newest first; `counts` are of the whole range."""

    calls: list[CallView]
    counts: CallCounts
    next_cursor: str | None = None


class ListCalls(Query[Calls]):
    """Incoming calls of a branch (None: of all; those to no branch's number are in every list) in a range."""

    subject: ClassVar[str] = "notifications.query.calls.list.v1"
    branch_id: UUID | None = None
    from_at: AwareDatetime
    to_at: AwareDatetime
    cursor: str | None = None
    limit: int = Field(default=100, ge=1, le=500)


class GetCall(Query[CallView]):
    """One call. Refused: `unknown-call`."""

    subject: ClassVar[str] = "notifications.query.call.get.v1"
    call_id: UUID


class CallEvent(Event):
    """What all events of incoming calls carry: ids alone."""

    call_id: UUID
    branch_id: UUID | None


class CallRinging(CallEvent):
    """Somebody calls the clinic."""

    subject: ClassVar[str] = "notifications.event.call.ringing.v1"


class CallAnswered(CallEvent):
    """The clinic has picked up."""

    subject: ClassVar[str] = "notifications.event.call.answered.v1"


class CallEnded(CallEvent):
    """They have spoken."""

    subject: ClassVar[str] = "notifications.event.call.ended.v1"


class CallMissed(CallEvent):
    """Nobody picked up."""

    subject: ClassVar[str] = "notifications.event.call.missed.v1"
