"""Composing a text at its real moment: who is addressed how, when and where the visit is, and what is asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icu4py.messageformat import MessageFormat

from common.contracts.directory import Branch, Locale, Practitioner, Service
from notifications.rules.values import Reader

PLACEHOLDER = re.compile(r"\{(\w+)\}")
LABELLED = re.compile(r"[\w\-/]{1,5}$")
"""A bare number or letter gets its label ("3 этаж"); anything longer already says what it is."""


@dataclass(frozen=True, eq=False)
class Texts:
    """One locale's texts and ways of saying things."""

    locale: Locale
    greeting: Mapping[str, str]
    name_style: str
    honorific: Mapping[str, str]
    moments: Mapping[str, str]
    address: Mapping[str, str]
    to_whom: str | None
    doctor: str
    buttons: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Subject:
    """What a text is about."""

    clinic: str
    zone: str
    branch: Branch | None = None
    practitioner: Practitioner | None = None
    service: Service | None = None
    starts_at: datetime | None = None
    previous_starts_at: datetime | None = None
    link: str = ""
    book_link: str = ""
    options: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Button:
    """A quick reply: what it says, and what comes back."""

    title: str
    payload: str


@dataclass(frozen=True)
class Text:
    """A composed message, as lines; `buttons` where the channel has them."""

    lines: tuple[str, ...]
    locale: Locale
    buttons: tuple[Button, ...] = field(default=())

    @property
    def body(self) -> str:
        """All of it as one text."""
        return "\n".join(self.lines)


def compose(
    texts: Texts,
    parts: Sequence[str],
    subject: Subject,
    reader: Reader,
    *,
    now: datetime,
    asks: bool = False,
    by_buttons: bool = True,
    links: bool = True,
    payload: str = "",
) -> Text:
    """The text of these parts: the first leads, the others add what only they say.

    Without buttons a question says how to answer; without links (no smartphone) the branch's phone stands instead.
    """
    values = _values(texts, subject, reader, now, links=links)
    wanted = [parts[0]]
    if "details" in parts:
        wanted.append("preparation")
    if asks:
        wanted.append("ask")
        if not by_buttons:
            wanted.append("ask-reply")
    lines = [line for name in wanted for line in _lines(texts, name, values)]
    if not links and subject.branch is not None:
        lines.append(subject.branch.phone)
    if subject.branch is not None and subject.branch.signature:
        lines.append(subject.branch.signature)
    buttons: tuple[Button, ...] = ()
    if asks and by_buttons:
        buttons = tuple(
            Button(texts.buttons[word], f"{word}:{payload}") for word in ("confirm", "move", "cancel")
        )
    return Text(tuple(lines), texts.locale, buttons)


def _lines(texts: Texts, name: str, values: Mapping[str, str]) -> list[str]:
    found = []
    for line in texts.lines[name]:
        needed = PLACEHOLDER.findall(line)
        if all(values.get(each) for each in needed):
            found.extend(_format(texts.locale, line, {each: values[each] for each in needed}).split("\n"))
    return found


def _values(texts: Texts, subject: Subject, reader: Reader, now: datetime, *, links: bool) -> dict[str, str]:
    values = {
        "greeting": greeting(texts, reader),
        "clinic": subject.clinic,
        "link": subject.link if links else "",
        "book_link": subject.book_link if links else "",
        "service": said(subject.service.name, texts.locale) if subject.service else "",
        "preparation": said(subject.service.preparation, texts.locale) if subject.service else "",
        "options": _options(texts, subject),
    }
    if subject.branch is not None:
        values["phone"] = subject.branch.phone
        values["address"] = address(texts, subject.branch, subject.practitioner)
    if subject.practitioner is not None:
        values |= _doctor(texts, subject.practitioner)
    if subject.starts_at is not None:
        values["when"] = moment(texts, "when", subject.starts_at, subject.zone)
        values["when_day"] = moment(texts, _day(subject, now), subject.starts_at, subject.zone)
    if subject.previous_starts_at is not None:
        values["old_when"] = moment(texts, "when", subject.previous_starts_at, subject.zone)
    return values


def greeting(texts: Texts, reader: Reader) -> str:
    """As this language addresses somebody whose names are known this far."""
    name = _name(texts, reader)
    return (
        _format(texts.locale, texts.greeting["named"], {"name": name}) if name else texts.greeting["unnamed"]
    )


def _name(texts: Texts, reader: Reader) -> str:
    given = reader.given_name or reader.full_name
    match texts.name_style:
        case "given-patronymic":
            return " ".join(each for each in (given, reader.patronymic if reader.given_name else "") if each)
        case "honorific-family" | "family-honorific":
            if reader.family_name and reader.sex != "unknown":
                return _format(texts.locale, texts.honorific[reader.sex], {"name": reader.family_name})
            whole = reader.full_name or given
            return _format(texts.locale, texts.honorific["unknown"], {"name": whole}) if whole else ""
        case _:
            return given


def _doctor(texts: Texts, practitioner: Practitioner) -> dict[str, str]:
    """`to_whom` in the dative where it is stored, else `doctor` in neutral words; `doctor_any` always."""
    locale = texts.locale
    name = practitioner.name_forms.display.get(locale) or practitioner.name
    speciality = practitioner.speciality.get(locale, "")
    neutral = _format(locale, texts.doctor, {"name": name, "speciality": speciality}) if speciality else name
    found = {"doctor_any": neutral}
    dative = practitioner.name_forms.dative.get(locale, "")
    if texts.to_whom and dative:
        whom = " ".join(each for each in (practitioner.speciality_dative.get(locale, ""), dative) if each)
        found["to_whom"] = _format(locale, texts.to_whom, {"whom": whom})
    else:
        found["doctor"] = neutral
    return found


def address(texts: Texts, branch: Branch, practitioner: Practitioner | None) -> str:
    """City, street, entrance, floor and room; the practitioner's own room goes first."""
    place = branch.address
    room = (practitioner.rooms.get(str(branch.branch_id), "") if practitioner else "") or place.room
    named = [("entrance", place.entrance), ("floor", place.floor), ("room", room)]
    rest = [
        _format(texts.locale, texts.address[kind], {"value": value}) if LABELLED.match(value) else value
        for kind, value in named
        if value
    ]
    return texts.address["join"].join([place.city, place.street, *rest])


def moment(texts: Texts, form: str, at: datetime, zone: str) -> str:
    """An instant in the branch's local time. ICU ignores zones: it is given the wall time as if it were UTC."""
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    pattern = texts.moments[form]
    return str(_message(pattern, texts.locale).format({"start": wall}))


def said(forms: Mapping[str, str], locale: str) -> str:
    """A text in this language, or in any that there is."""
    return forms.get(locale) or next(iter(forms.values()), "")


def _options(texts: Texts, subject: Subject) -> str:
    return "\n".join(
        f"{place}. {moment(texts, 'when', at, subject.zone)}"
        for place, at in enumerate(subject.options, start=1)
    )


def _day(subject: Subject, now: datetime) -> str:
    zone = ZoneInfo(subject.zone)
    assert subject.starts_at is not None
    days = subject.starts_at.astimezone(zone).date() - now.astimezone(zone).date()
    return {timedelta(0): "today", timedelta(days=1): "tomorrow"}.get(days, "when")


def _format(locale: str, pattern: str, values: Mapping[str, str]) -> str:
    return str(_message(pattern, locale).format(dict(values)))


@lru_cache(maxsize=2000)
def _message(pattern: str, locale: str) -> MessageFormat:
    return MessageFormat(pattern, locale)
