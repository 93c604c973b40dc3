"""What the placeholders of a text stand for. One without a value takes its whole line out of the text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from notifications.rules.texts.direction import dialled, native, numbered
from notifications.rules.texts.icu import Value, format_message
from notifications.rules.texts.moments import day, deadline, moment, when_day, when_day_short
from notifications.rules.texts.money import money
from notifications.rules.texts.people import display_name, doctor, greeting, name_of, to_whom
from notifications.rules.texts.places import address, room
from notifications.rules.texts.values import Subject, Texts, Visit, said
from notifications.rules.values import Reader


@dataclass(frozen=True)
class Told:
    """What is told to whom, at which moment, by which parts."""

    texts: Texts
    subject: Subject
    reader: Reader
    parts: tuple[str, ...]
    now: datetime
    links: bool


class Known:
    """Values of placeholders, each worked out when a line first asks for it."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._found: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        """The empty text where there is nothing to say."""
        if name not in self._found:
            self._found[name] = _SAYS[name](self._told)
        return self._found[name]


def _service(told: Told) -> str:
    service = told.subject.service
    return native(told.texts, said(service.name, told.texts.locale)) if service else ""


def _preparation(told: Told) -> str:
    service = told.subject.service
    return native(told.texts, said(service.preparation, told.texts.locale)) if service else ""


def _bring(told: Told) -> str:
    """What to bring along, said by the first of the parts that says it in this country; nothing to where nobody comes."""
    if told.subject.online:
        return ""
    found = (told.texts.bring.get(part, {}).get(told.subject.country, "") for part in told.parts)
    return next((one for one in found if one), "")


def _address(told: Told, *, short: bool) -> str:
    subject = told.subject
    if subject.online:
        return told.texts.online
    return address(told.texts, subject.branch, subject.practitioner, short=short) if subject.branch else ""


def _phone(told: Told) -> str:
    return dialled(told.texts, told.subject.branch.phone) if told.subject.branch else ""


def _start(form: str) -> Callable[[Told], str]:
    def say(told: Told) -> str:
        at = told.subject.starts_at
        return moment(told.texts, form, at, told.subject.zone) if at else ""

    return say


def _near_start(say: Callable[[Texts, datetime, str, datetime], str]) -> Callable[[Told], str]:
    def said_now(told: Told) -> str:
        at = told.subject.starts_at
        return say(told.texts, at, told.subject.zone, told.now) if at else ""

    return said_now


def _old_when(told: Told) -> str:
    at = told.subject.previous_starts_at
    return moment(told.texts, "when", at, told.subject.zone) if at else ""


def _until(told: Told) -> str:
    at = told.subject.until
    return deadline(told.texts, at, told.subject.zone, told.now) if at else ""


def _due(say: Callable[[Texts, datetime, str, datetime], str]) -> Callable[[Told], str]:
    def said_due(told: Told) -> str:
        matter = told.subject.matter
        return say(told.texts, matter.due_at, matter.zone, told.now) if matter.due_at else ""

    return said_due


def _options(told: Told) -> str:
    moments = (moment(told.texts, "when", at, told.subject.zone) for at in told.subject.options)
    return numbered(told.texts, tuple(moments))


def _choices(told: Told) -> str:
    return numbered(told.texts, tuple(native(told.texts, one) for one in told.subject.choices))


def _visits(told: Told) -> str:
    return "\n".join(_visit(told.texts, told.subject, one, "time") for one in told.subject.visits)


def _visits_numbered(told: Told) -> str:
    """To choose one of them: they may be on different days."""
    return numbered(
        told.texts, tuple(_visit(told.texts, told.subject, one, "when") for one in told.subject.visits)
    )


def _visit(texts: Texts, subject: Subject, visit: Visit, form: str) -> str:
    """One line of a list: when, whose, what, with whom, in which room."""
    what = [
        native(texts, visit.person),
        native(texts, said(visit.service.name, texts.locale)) if visit.service else "",
        display_name(texts, visit.practitioner) if visit.practitioner else "",
        _room(texts, subject, visit),
    ]
    time = moment(texts, form, visit.starts_at, subject.zone)
    about = texts.visit["join"].join(each for each in what if each)
    return format_message(texts.locale, texts.visit["line"], {"time": time, "about": about})


def _room(texts: Texts, subject: Subject, visit: Visit) -> str:
    if visit.service is not None and visit.service.virtual:
        return texts.online
    number = room(subject.branch, visit.practitioner) if subject.branch else ""
    if not number:
        return ""
    return format_message(texts.locale, texts.address["room"], {"value": native(texts, number)})


def _practitioner(told: Told, say: Callable[..., str]) -> str:
    practitioner = told.subject.practitioner
    return say(told.texts, practitioner) if practitioner else ""


def _doctor(told: Told) -> str:
    """Neutral words, where the dative is not stored: a text has a line for either."""
    return "" if _practitioner(told, to_whom) else _practitioner(told, doctor)


_SAYS: Mapping[str, Callable[[Told], Value]] = {
    "address": lambda told: _address(told, short=False),
    "address_short": lambda told: _address(told, short=True),
    "book_link": lambda told: dialled(told.texts, told.subject.book_link) if told.links else "",
    "bring": _bring,
    "choices": _choices,
    "clinic": lambda told: native(told.texts, told.subject.clinic),
    "count": lambda told: len(told.subject.visits),
    "day": _near_start(day),
    "doctor": _doctor,
    "dose": lambda told: native(told.texts, told.subject.matter.dose),
    "due_day": _due(day),
    "due_time": _due(lambda texts, at, zone, _: moment(texts, "time", at, zone)),
    "doctor_any": lambda told: _practitioner(told, doctor),
    "doctor_name": lambda told: _practitioner(told, display_name),
    "document_date": lambda told: moment(told.texts, "document", told.now, told.subject.zone),
    "greeting": lambda told: greeting(told.texts, told.reader),
    "join_link": lambda told: dialled(told.texts, told.subject.join_link) if told.links else "",
    "medicine": lambda told: native(told.texts, told.subject.matter.medicine),
    "link": lambda told: dialled(told.texts, told.subject.link) if told.links else "",
    "name": lambda told: name_of(told.texts, told.reader),
    "named": lambda told: "yes" if name_of(told.texts, told.reader) else "no",
    "old_when": _old_when,
    "options": _options,
    "phone": _phone,
    "preparation": _preparation,
    "price": lambda told: money(told.texts.locale, told.subject.price) if told.subject.price else "",
    "service": _service,
    "time": _start("time"),
    "topic": lambda told: native(told.texts, told.subject.matter.topic),
    "to_whom": lambda told: _practitioner(told, to_whom),
    "until": _until,
    "visits": _visits,
    "visits_numbered": _visits_numbered,
    "when": _start("when"),
    "when_day": _near_start(when_day),
    "when_day_short": _near_start(when_day_short),
    "when_short": _start("short"),
}

PLACEHOLDERS = frozenset(_SAYS)
"""Every name that a text may use. `named` says yes or no, for a select; `count` is the number of visits listed."""
