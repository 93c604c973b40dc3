"""What a patient may do with the link to one appointment."""

from datetime import datetime, timedelta

from common.contracts.booking import AppointmentState, Status
from common.errors import Refused
from common.links import LinkExpired, LinkInvalid, Purpose
from gateway.rules import meetings

LONGEST = timedelta(days=731)
"""A token outlives every possible move of its appointment; the visit's own end decides."""

_OPEN: frozenset[Status] = frozenset({"booked", "confirmed", "displaced"})
"""Whom the clinic displaced may choose another time, or cancel."""


class LinkReadOnly(Refused):
    """The appointment was cancelled or has taken place: it can be looked at, and nothing more."""

    code = "link-read-only"


def check_purpose(purpose: Purpose, accepted: frozenset[Purpose]) -> None:
    """A link made for one thing serves no other."""
    if purpose not in accepted:
        raise LinkInvalid("This link is not valid")


def check_time(appointment: AppointmentState, purpose: Purpose, *, now: datetime, book_path: str) -> None:
    """Valid until the visit ends, a link to join it until its room closes; then it says where to book the next one
    with the same practitioner."""
    ends_at = meetings.closes_at(appointment) if purpose == "visit" else appointment.ends_at
    if ends_at <= now:
        raise LinkExpired("This link has expired", book_path=book_path)


def read_only(appointment: AppointmentState) -> bool:
    """Whether nothing can be changed any more."""
    return appointment.status not in _OPEN


def check_open(appointment: AppointmentState) -> None:
    """Refused once it was cancelled, or the visit has begun."""
    if read_only(appointment):
        raise LinkReadOnly("This appointment can no longer be changed", status=appointment.status)


def acts(appointment: AppointmentState, purpose: Purpose) -> list[str]:
    """What its patient may still do by a link of this purpose."""
    if read_only(appointment):
        return []
    confirm = ["confirm"] if appointment.status == "booked" else []
    return [*confirm, "cancel", "reschedule"] if purpose == "manage" else confirm
