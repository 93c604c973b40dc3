"""The calendar file of one appointment (iCalendar, RFC 5545; METHOD after RFC 5546), for pages and e-mails alike.

A calendar is shared, synchronised and read over shoulders: it says that there is a visit, with whom and where, and
never what for. Names of services and specialities are health data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event

from common.contracts.booking import AppointmentState, Status
from common.contracts.directory import Branch, Locale, Network, Practitioner

GONE: frozenset[Status] = frozenset({"cancelled", "displaced"})
"""In these statuses the entry is taken out of the patient's calendar."""


@dataclass(frozen=True)
class CalendarFile:
    """A file and what it asks a calendar to do: `PUBLISH`, `REQUEST` (of an invitation) or `CANCEL`."""

    body: bytes
    method: str

    @property
    def media_type(self) -> str:
        """As HTTP and MIME name it."""
        return f"text/calendar; charset=utf-8; method={self.method}"


@dataclass(frozen=True)
class Invitation:
    """By whom and to whom a file is mailed: it is a `REQUEST` then, which calendars replace and cancel by themselves."""

    organizer: str
    organizer_name: str
    attendee: str


@dataclass(frozen=True)
class _Words:
    visit: str
    entrance: str
    floor: str
    room: str
    online: str
    comma: str = ", "


_WORDS: Mapping[Locale, _Words] = {
    "ru": _Words("Визит: {network}", "вход {}", "этаж {}", "кабинет {}", "Онлайн"),
    "kk": _Words("Қабылдау: {network}", "кіреберіс: {}", "{}-қабат", "{}-кабинет", "Онлайн"),
    "en": _Words("Appointment: {network}", "entrance {}", "floor {}", "room {}", "Online"),
    "pt-BR": _Words("Consulta: {network}", "entrada {}", "{}º andar", "sala {}", "Online"),
    "fa": _Words("نوبت: {network}", "ورودی {}", "طبقه {}", "اتاق {}", "آنلاین", "، "),
    "fr": _Words("Rendez-vous : {network}", "entrée {}", "étage {}", "salle {}", "En ligne"),
    "zh-TW": _Words("預約：{network}", "入口 {}", "{} 樓", "{} 診間", "線上", "，"),
}


def calendar_file(
    appointment: AppointmentState,
    *,
    network: Network,
    branch: Branch | None,
    practitioner: Practitioner | None,
    locale: Locale | None = None,
    invitation: Invitation | None = None,
    online: bool = False,
    join_url: str = "",
    now: datetime,
) -> CalendarFile:
    """One entry under the same UID however often it moves, its instants in UTC, in the branch's locale by default.

    SEQUENCE grows with every change that a calendar has to take over: a move counts two, so that a cancellation
    stands above the move before it and below the one that may follow. A visit that is held `online` has no address:
    it takes place where `join_url` leads, as soon as there is one.
    """
    gone = appointment.status in GONE
    method = "CANCEL" if gone else "REQUEST" if invitation else "PUBLISH"
    words = _WORDS[locale or (branch.locale if branch else network.locales[0])]
    event = Event()
    event.add("uid", f"{appointment.appointment_id}@vinculo")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("sequence", 2 * appointment.sequence + gone)
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("summary", words.visit.format(network=network.name))
    if practitioner is not None:
        event.add("description", _name(practitioner, locale or (branch.locale if branch else None)))
    if branch is not None:
        event.add("location", join_url or words.online if online else _place(branch, practitioner, words))
        event.add("contact", branch.phone)
    if join_url:
        event.add("url", join_url)
    if invitation is not None:
        organizer = {"cn": invitation.organizer_name}
        event.add("organizer", f"mailto:{invitation.organizer}", parameters=organizer)
        attendee = {"partstat": "NEEDS-ACTION", "rsvp": "FALSE"}
        event.add("attendee", f"mailto:{invitation.attendee}", parameters=attendee)
    calendar = Calendar()
    calendar.add("prodid", "-//Vinculo//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return CalendarFile(calendar.to_ical(), method)


def _name(practitioner: Practitioner, locale: Locale | None) -> str:
    return practitioner.name_forms.display.get(locale or "") or practitioner.name


def _place(branch: Branch, practitioner: Practitioner | None, words: _Words) -> str:
    """Down to the room, as a confirmation says it."""
    address = branch.address
    usual = practitioner.rooms.get(str(branch.branch_id), "") if practitioner else ""
    inside = (
        (words.entrance, address.entrance),
        (words.floor, address.floor),
        (words.room, usual or address.room),
    )
    parts = [
        branch.name,
        address.city,
        address.street,
        *(word.format(value) for word, value in inside if value),
    ]
    return words.comma.join(parts)
