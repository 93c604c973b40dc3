"""Queue numbers: their states, and how long somebody will wait."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.rules.refusals import BranchClosed, IllegalTransition
from common.contracts.booking import Ticket as Told
from common.contracts.booking import TicketStatus
from common.contracts.directory import Branch

EARLY = timedelta(hours=1)
"""Numbers are given from this long before a branch opens."""
TYPICAL_MINUTES = 15
"""What one turn takes while too few were served today to know."""
ENOUGH = 3
LAST = 20
"""An estimate goes by the last so many who were served today."""
LATELY = timedelta(hours=1)
"""Who called somebody in this time counts as receiving."""


@dataclass(frozen=True)
class Ticket:
    """One number."""

    network_id: str
    ticket_id: UUID
    version: int
    status: TicketStatus
    branch_id: UUID
    day: date
    number: int
    service_id: UUID | None
    patient_id: UUID | None
    issued_at: datetime
    practitioner_id: UUID | None = None
    called_at: datetime | None = None
    ended_at: datetime | None = None

    def told(self, *, ahead: int = 0, wait_minutes: int = 0) -> Told:
        """As others may know it."""
        own = set(Told.model_fields) - {"ahead", "wait_minutes"}
        return Told(**{name: getattr(self, name) for name in own}, ahead=ahead, wait_minutes=wait_minutes)


@dataclass(frozen=True)
class Pace:
    """How fast a branch's queue moves: minutes for one turn, and how many receive at the same time."""

    minutes: float
    receiving: int

    def wait(self, place: int) -> int:
        """Minutes until it is the turn of the first, second, … who waits, in whole five minutes."""
        turns = math.ceil(place / self.receiving)
        return math.ceil(turns * self.minutes / 5) * 5


def expect_open(branch: Branch, now: datetime) -> date:
    """Today at the branch; refused `branch-closed` where no number is given at this hour."""
    local = now.astimezone(ZoneInfo(branch.zone))
    today = [hours for hours in branch.hours if hours.weekday == local.isoweekday()]
    for hours in today:
        opens = datetime.combine(local, hours.opens, local.tzinfo) - EARLY
        closes = datetime.combine(local, hours.closes, local.tzinfo)
        if hours.closes == time(0):
            closes += timedelta(days=1)
        if opens <= local < closes:
            return local.date()
    raise BranchClosed(
        "Numbers are given while the branch is open",
        branch_phone=branch.phone,
        hours=[hours.model_dump(mode="json") for hours in today],
    )


def call(ticket: Ticket, practitioner_id: UUID, *, now: datetime) -> Ticket:
    """It is their turn. Called again (they did not hear), it says who calls now."""
    _expect(ticket, "waiting", "called")
    return replace(
        ticket, status="called", version=ticket.version + 1, practitioner_id=practitioner_id, called_at=now
    )


def end(ticket: Ticket, outcome: TicketStatus, *, now: datetime) -> Ticket:
    """Served after having been called; gone at any time before."""
    _expect(ticket, *(("called",) if outcome == "served" else ("waiting", "called")))
    return replace(ticket, status=outcome, version=ticket.version + 1, ended_at=now)


def pace(tickets: Sequence[Ticket], *, now: datetime) -> Pace:
    """By what a branch has done today."""
    turns = [
        (one.ended_at, (one.ended_at - one.called_at) / timedelta(minutes=1))
        for one in tickets
        if one.status == "served" and one.called_at is not None and one.ended_at is not None
    ]
    last = [minutes for _, minutes in sorted(turns)[-LAST:]]
    receiving = {one.practitioner_id for one in tickets if one.called_at and now - one.called_at < LATELY}
    minutes = sum(last) / len(last) if len(last) >= ENOUGH else TYPICAL_MINUTES
    return Pace(minutes, max(1, len(receiving)))


def placed(tickets: Sequence[Ticket], *, now: datetime) -> list[Told]:
    """Those who wait, in the order of their numbers, each with how many are before them and how long it may take."""
    speed = pace(tickets, now=now)
    waiting = sorted((one for one in tickets if one.status == "waiting"), key=lambda one: one.number)
    return [one.told(ahead=ahead, wait_minutes=speed.wait(ahead + 1)) for ahead, one in enumerate(waiting)]


def shown(ticket: Ticket, tickets: Sequence[Ticket], *, now: datetime) -> Told:
    """One number with its place among those of its day."""
    places = {one.ticket_id: one for one in placed(tickets, now=now)}
    return places.get(ticket.ticket_id) or ticket.told()


def _expect(ticket: Ticket, *statuses: TicketStatus) -> None:
    if ticket.status not in statuses:
        raise IllegalTransition(f"This is not possible: the number is {ticket.status}", status=ticket.status)
