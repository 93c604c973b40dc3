"""The calendar file of one appointment (iCalendar, RFC 5545; METHOD after RFC 5546)."""

from datetime import datetime

from icalendar import Calendar, Event

from common.contracts.booking import AppointmentRecord
from common.contracts.directory import Directory

_CANCELLED = frozenset({"cancelled", "displaced"})


def calendar_file(record: AppointmentRecord, directory: Directory, *, now: datetime) -> tuple[bytes, str]:
    """The file and its method. The UID stays through every move; SEQUENCE counts them; instants are UTC."""
    state = record.appointment
    branch = next((one for one in directory.branches if one.branch_id == state.branch_id), None)
    service = next((one for one in directory.services if one.service_id == state.service_id), None)
    cancelled = state.status in _CANCELLED
    method = "CANCEL" if cancelled else "PUBLISH"
    calendar = Calendar()
    calendar.add("prodid", "-//Vinculo//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", f"{state.appointment_id}@vinculo")
    event.add("dtstamp", now)
    event.add("dtstart", state.starts_at)
    event.add("dtend", state.ends_at)
    # A cancellation has to stand above the last move for calendars that compare.
    event.add("sequence", state.sequence + (1 if cancelled else 0))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    locale = branch.locale if branch else "en"
    event.add(
        "summary",
        f"{directory.network.name}: {_text(service.name, locale)}" if service else directory.network.name,
    )
    if branch is not None:
        address = branch.address
        parts = [address.city, address.street, address.entrance, address.floor, address.room]
        event.add("location", ", ".join(part for part in (branch.name, *parts) if part))
        event.add("contact", branch.phone)
    calendar.add_component(event)
    return calendar.to_ical(), method


def _text(texts: dict[str, str], locale: str) -> str:
    return texts.get(locale) or next(iter(texts.values()), "")
