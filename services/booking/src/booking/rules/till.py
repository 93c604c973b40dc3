"""A branch's day and its close: what the till holds by method and person, and when the day may be closed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from booking.rules.appointment import Appointment
from booking.rules.booking import local_date
from booking.rules.ledger import Entry
from booking.rules.refusals import DayNotBegun, NoteNeeded, VisitsOpen
from common.contracts.booking import CloseDay, Closing, PaymentMethod, Status, TillLine
from common.contracts.directory import Branch

OPEN: frozenset[Status] = frozenset({"booked", "confirmed", "arrived"})
"""Statuses of visits whose end nobody has told."""


def open_day(today: date, closed: Collection[date]) -> date:
    """The day that money taken now belongs to: today, or the first after it that is not closed."""
    day = today
    while day in closed:
        day += timedelta(days=1)
    return day


def lines(entries: Iterable[Entry]) -> list[TillLine]:
    """What each person took and gave back by each method. A reversal counts against what it undoes."""
    sums: dict[tuple[PaymentMethod, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        if entry.kind == "moved":
            continue
        # A reversed payment makes less received, a reversed refund less refunded.
        gives_back = entry.came if entry.kind == "reversal" else not entry.came
        received, refunded = (0, -entry.amount) if gives_back else (entry.amount, 0)
        line = sums[entry.method, entry.till.by]
        line[0] += received
        line[1] += refunded
    return [
        TillLine(method=method, by=by, received=received, refunded=refunded)
        for (method, by), (received, refunded) in sorted(sums.items())
    ]


def cash(till: Iterable[TillLine]) -> int:
    """What of the day's money has to lie in the till."""
    return sum(line.received - line.refunded for line in till if line.method == "cash")


def unclosed(visits: Iterable[Appointment], *, now: datetime) -> list[Appointment]:
    """Visits whose time is over and whose end nobody has told."""
    return [visit for visit in visits if visit.status in OPEN and visit.ends_at <= now]


def close(
    command: CloseDay,
    branch: Branch,
    visits: Sequence[Appointment],
    till: list[TillLine],
    *,
    currency: str,
    now: datetime,
    by: str,
) -> Closing:
    """The day as it is closed: begun, every visit's end told or left open on purpose, a difference explained."""
    if command.day > local_date(now, branch):
        raise DayNotBegun("This day has not begun")
    left_open: list[UUID] = [visit.appointment_id for visit in visits if visit.status in OPEN]
    if left_open and not command.leave_open:
        raise VisitsOpen(
            "There are visits whose end nobody has told", appointment_ids=[str(one) for one in left_open]
        )
    expected = cash(till)
    difference = command.counted_cash - expected
    if difference and not command.note.strip():
        raise NoteNeeded(
            "Say why what was counted is something else", expected_cash=expected, difference=difference
        )
    return Closing(
        closing_id=command.closing_id,
        branch_id=branch.branch_id,
        day=command.day,
        closed_at=now,
        closed_by=by,
        currency=currency,
        till=till,
        expected_cash=expected,
        counted_cash=command.counted_cash,
        difference=difference,
        note=command.note.strip(),
        left_open=left_open,
    )
