"""Who waits for a freed slot, and what they are offered."""

from datetime import date, time
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.booking.states import AppointmentRecord, Slot, Source
from common.contracts.messages import Command, Event, Message, Query

WaitlistStatus = Literal["waiting", "offered", "booked", "left", "over"]
OfferEnd = Literal["expired", "declined", "lost"]
"""It ran out, was declined, or the clinic lost the time."""


class WaitlistOffer(Message):
    """A slot that is held for one entry; `AcceptOffer` books it under the id `offer_id`."""

    offer_id: UUID
    slot: Slot
    expires_at: AwareDatetime


class WaitlistEntry(Message):
    """Who waits for what, in which days and local times (`to_time` None: until the day ends).

    `over` is an entry whose days have gone by.
    """

    entry_id: UUID
    version: int
    status: WaitlistStatus
    patient_id: UUID
    service_id: UUID
    branch_id: UUID | None
    practitioner_id: UUID | None
    from_date: date
    to_date: date
    from_time: time
    to_time: time | None
    joined_at: AwareDatetime
    offer: WaitlistOffer | None = None
    appointment_id: UUID | None = None


class JoinWaitlist(Command[WaitlistEntry]):
    """Wait for a slot to be freed. Refused: `unknown-…`, `not-offered` (extra `offers`), `waitlist-window` (the days are
    over; extra `first_date`)."""

    subject: ClassVar[str] = "booking.command.waitlist.join.v1"
    entry_id: UUID
    patient_id: UUID
    service_id: UUID
    branch_id: UUID | None = None
    practitioner_id: UUID | None = None
    from_date: date
    to_date: date
    from_time: time = time(0)
    to_time: time | None = None


class LeaveWaitlist(Command[WaitlistEntry]):
    """Wait no longer; what was offered goes to the next. Refused: `illegal-transition` once booked."""

    subject: ClassVar[str] = "booking.command.waitlist.leave.v1"
    entry_id: UUID


class AcceptOffer(Command[AppointmentRecord]):
    """Book what was offered. Refused once it has run out or gone to the next: `offer-over` (extra `alternatives`).

    `source` is the channel by which the yes came; without it, the desk's.
    """

    subject: ClassVar[str] = "booking.command.offer.accept.v1"
    offer_id: UUID
    source: Source | None = None


class DeclineOffer(Command[WaitlistEntry]):
    """Not this one: it goes to the next, and the entry waits for another. Refused: `offer-over`."""

    subject: ClassVar[str] = "booking.command.offer.decline.v1"
    offer_id: UUID


class Waitlist(Message):
    """Entries in the order in which they joined."""

    entries: list[WaitlistEntry]


class ListWaitlist(Query[Waitlist]):
    """Who waits (`open`: waiting or offered), or everybody of the last joined."""

    subject: ClassVar[str] = "booking.query.waitlist.list.v1"
    branch_id: UUID | None = None
    patient_id: UUID | None = None
    open: bool = True
    limit: int = Field(default=200, ge=1, le=500)


class WaitlistEvent(Event):
    """What all events of the waitlist carry: the entry after the change."""

    entry: WaitlistEntry


class WaitlistJoined(WaitlistEvent):
    """Somebody waits."""

    subject: ClassVar[str] = "booking.event.waitlist.joined.v1"


class WaitlistOffered(WaitlistEvent):
    """A freed slot is held for this entry alone, until the offer expires."""

    subject: ClassVar[str] = "booking.event.waitlist.offered.v1"


class WaitlistOfferEnded(WaitlistEvent):
    """The offer is over, and `why`; the entry waits on."""

    subject: ClassVar[str] = "booking.event.waitlist.offer-ended.v1"
    offer: WaitlistOffer
    why: OfferEnd


class WaitlistFilled(WaitlistEvent):
    """The offer was accepted: `entry.appointment_id` is booked."""

    subject: ClassVar[str] = "booking.event.waitlist.filled.v1"


class WaitlistLeft(WaitlistEvent):
    """The entry waits no longer: by its own wish, or because its days have gone by."""

    subject: ClassVar[str] = "booking.event.waitlist.left.v1"
