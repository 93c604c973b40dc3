"""Queue numbers of a branch's day: who waits without an appointment, and whose turn it is."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from common.contracts.messages import Command, Event, Message, Query

TicketStatus = Literal["waiting", "called", "served", "left"]


class QueueNumber(Message):
    """A number as everybody may see it: without the id, by which whoever drew it follows it and gives it back."""

    version: int
    status: TicketStatus
    branch_id: UUID
    day: date
    number: int
    service_id: UUID | None
    patient_id: UUID | None
    practitioner_id: UUID | None = None
    """Who called it."""
    issued_at: AwareDatetime
    called_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    ahead: int = 0
    wait_minutes: int = 0


class Ticket(QueueNumber):
    """A number of a branch and local day. Without a patient it was drawn on the spot by somebody unnamed.

    `ahead` and `wait_minutes` are of a waiting one, as of the moment it is shown; the minutes are an estimate.
    """

    ticket_id: UUID


class TakeTicket(Command[Ticket]):
    """Draw the next number of today. A patient has one open number at a branch: asking again shows that one.

    Refused: `unknown-branch`, `not-offered` (extra `offers`), `branch-closed` (outside its opening hours, from an hour before).
    """

    subject: ClassVar[str] = "booking.command.ticket.take.v1"
    ticket_id: UUID
    branch_id: UUID
    service_id: UUID | None = None
    patient_id: UUID | None = None


class CallTicket(Command[Ticket]):
    """Call the next who waits today (for these services or any), or a certain number of this branch and day.

    Those who still wait are called after closing time too. Refused: `queue-empty`, `unknown-ticket`,
    `illegal-transition`.
    """

    subject: ClassVar[str] = "booking.command.ticket.call.v1"
    branch_id: UUID
    practitioner_id: UUID
    ticket_id: UUID | None = None


class EndTicket(Command[Ticket]):
    """Served, or gone: a waiting one may leave, a called one is served or did not come. Said twice, it is true once.
    Refused: `unknown-ticket`, `illegal-transition`."""

    subject: ClassVar[str] = "booking.command.ticket.end.v1"
    ticket_id: UUID
    outcome: Literal["served", "left"] = "served"


class Queue(Message):
    """A branch's day as it stands: who is called and who waits, in the order of their numbers."""

    branch_id: UUID
    day: date
    called: list[Ticket | QueueNumber]
    waiting: list[Ticket | QueueNumber]
    served: int
    wait_minutes: int
    """What somebody who drew a number now would wait."""


class ShowQueue(Query[Queue]):
    """The live board; without a day, today at the branch. Patients, and ids of numbers, are named to staff only.
    Refused: `unknown-branch`."""

    subject: ClassVar[str] = "booking.query.queue.show.v1"
    branch_id: UUID
    day: date | None = None


class GetTicket(Query[Ticket]):
    """One number with its place. Refused: `unknown-ticket`."""

    subject: ClassVar[str] = "booking.query.ticket.get.v1"
    ticket_id: UUID


class TicketEvent(Event):
    """What all events of the queue carry: the number after the change."""

    ticket: Ticket


class TicketTaken(TicketEvent):
    """Somebody waits."""

    subject: ClassVar[str] = "booking.event.ticket.taken.v1"


class TicketCalled(TicketEvent):
    """It is their turn."""

    subject: ClassVar[str] = "booking.event.ticket.called.v1"


class TicketEnded(TicketEvent):
    """Served or gone."""

    subject: ClassVar[str] = "booking.event.ticket.ended.v1"
