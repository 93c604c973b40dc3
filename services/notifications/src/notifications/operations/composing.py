"""The text of one message at the moment it leaves: whose language, which visit, which links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from common.contracts.booking import AppointmentRecord, AppointmentState, Status
from common.contracts.directory import Locale
from common.contracts.patient_profile import Card, Channel
from common.links import Link, Links
from common.sealed import Seal
from notifications.operations.asking import Answers
from notifications.operations.deciding import Surroundings
from notifications.operations.planning import ACTIVE
from notifications.rules import facts
from notifications.rules.texts import Button, Form, Matter, Subject, Text, Visit, compose
from notifications.tables.messages import Message
from notifications.templates.spoken import spoken

AGREED: frozenset[Status] = frozenset({"confirmed", "arrived"})
"""In these states an online visit may be joined."""

LONGEST = timedelta(days=731)
"""A link outlives every possible move of its appointment; the gateway checks the visit's own end."""


@dataclass(frozen=True)
class Other:
    """Another visit of the same day that a message lists."""

    state: AppointmentState
    card: Card | None


def composed(
    message: Message, card: Card | None, record: AppointmentRecord | None, around: Surroundings, links: Links,
    public_url: str, *, asks: bool, by_buttons: bool, aloud: bool = False, form: Form = "full",
    others: Sequence[Other] = (), matter: Matter | None = None, now: datetime,
) -> Text:  # fmt: skip
    """Everything is as it stands now: the practitioner and the place come from the appointment, not from the plan.

    What is said `aloud` names no links, and times as people say them.
    """
    branch = around.branches[str(message.branch_id)]
    locale = facts.locale(card, branch)
    practitioner_id = record.appointment.practitioner_id if record else message.practitioner_id
    starts_at = record.appointment.starts_at if record else message.starts_at
    previous = message.data.get("previous_starts_at")
    subject = Subject(
        clinic=clinic(around, message),
        zone=branch.zone,
        branch=branch,
        practitioner=around.practitioners.get(str(practitioner_id)),
        service=around.services.get(str(message.service_id)),
        starts_at=starts_at,
        previous_starts_at=datetime.fromisoformat(previous) if previous else None,
        link="" if aloud else manage_link(message, record, links, public_url),
        join_link="" if aloud else first_join_link(record, others, around, links, public_url),
        book_link="" if aloud else book_link(message, public_url),
        options=tuple(datetime.fromisoformat(each) for each in message.data.get("starts", [])),
        country=around.network.country,
        until=datetime.fromisoformat(message.data["until"]) if "until" in message.data else None,
        visits=visits(message, card, record, others, around),
        matter=matter or Matter(),
    )
    parts = (*day_of(message, others), *_as_held(message.parts, subject, record))
    no_links = bool(card and card.preferences.no_smartphone) and not aloud
    words = spoken(locale).texts if aloud else around.wordings.texts(parts[0], locale, message.branch_id)
    return compose(
        words, parts, subject, facts.reader(card, words.locale), now=now, asks=asks, by_buttons=by_buttons,
        links=not no_links, payload=str(message.appointment_id or message.origin_id), form=form,
    )  # fmt: skip


def form_for(card: Card | None, channel: Channel) -> Form:
    """The short wording where every segment costs, and on every channel for whoever wants to be written to discreetly:
    it names neither service nor medicine."""
    discreet = card is not None and card.preferences.discreet
    return "sms" if channel == "sms" or discreet else "full"


def _as_held(parts: Sequence[str], subject: Subject, record: AppointmentRecord | None) -> list[str]:
    """The short reminder of an online visit carries its link, or asks for the word that the link waits for."""
    if not subject.online or record is None:
        return list(parts)
    short = "short-online" if record.appointment.status in AGREED else "short-to-confirm"
    return [short if part == "short" else part for part in parts]


def sealed(text: Text, seal: Seal) -> bytes:
    """A text as its message keeps it: what was sent can be shown, and sent again."""
    buttons = [[one.title, one.payload] for one in text.buttons]
    return seal.close({"lines": text.lines, "buttons": buttons}, about="messages.text")


def unsealed(stored: bytes, locale: Locale, seal: Seal) -> Text:
    """The text that a message keeps."""
    body = seal.open(stored, about="messages.text")
    buttons = tuple(Button(title, payload) for title, payload in body.get("buttons", ()))
    return Text(tuple(body["lines"]), locale, buttons)


def others_of(message: Message, answers: Answers) -> list[Other]:
    """The other visits that still stand, by start."""
    listed = (answers.appointments.get(UUID(each["appointment_id"])) for each in message.data.get("also", ()))
    states = [one.appointment for one in listed if one is not None and one.appointment.status in ACTIVE]
    return [
        Other(state, answers.cards.get(state.patient_id))
        for state in sorted(states, key=lambda each: each.starts_at)
    ]


def day_of(message: Message, others: Sequence[Other]) -> tuple[str, ...]:
    """The text that lists the visits of a day, of one patient or of a family."""
    if not others:
        return ()
    family = any(one.state.patient_id != message.patient_id for one in others)
    return ("family-day" if family else "same-day",)


def visits(
    message: Message,
    card: Card | None,
    record: AppointmentRecord | None,
    others: Sequence[Other],
    around: Surroundings,
) -> tuple[Visit, ...]:
    """Its own visit and the others, named where they are not all of one person."""
    if not others or record is None:
        return ()
    family = day_of(message, others) == ("family-day",)
    return tuple(
        Visit(
            one.state.starts_at,
            around.services.get(str(one.state.service_id)),
            around.practitioners.get(str(one.state.practitioner_id)),
            (one.card.given_name or one.card.full_name) if family and one.card else "",
        )
        for one in sorted([Other(record.appointment, card), *others], key=lambda each: each.state.starts_at)
    )


def clinic(around: Surroundings, message: Message) -> str:
    """The network's name and the branch's; one of them alone where it says the other too."""
    branch = around.branches[str(message.branch_id)].name
    network = around.network.name
    if network.casefold() in branch.casefold():
        return branch
    return network if branch.casefold() in network.casefold() else f"{network}, {branch}"


def manage_link(message: Message, record: AppointmentRecord | None, links: Links, public_url: str) -> str:
    """Where the patient manages the visit; nothing for a message without one."""
    if message.appointment_id is None or record is None:
        return ""
    if message.template == "waitlist-offer":
        offer = Link(message.network_id, "offer", message.appointment_id, record.appointment.starts_at)
        return f"{public_url}/o/{links.token(offer)}"
    expires_at = record.appointment.created_at + LONGEST
    token = links.token(Link(message.network_id, "manage", message.appointment_id, expires_at))
    return f"{public_url}/l/{token}"


def first_join_link(
    record: AppointmentRecord | None,
    others: Sequence[Other],
    around: Surroundings,
    links: Links,
    public_url: str,
) -> str:
    """Of a day's visits the first one that can be joined; each has had a message of its own besides."""
    states = [*([record.appointment] if record else []), *(one.state for one in others)]
    told = (join_link(state, around, links, public_url) for state in states)
    return next((link for link in told if link), "")


def join_link(state: AppointmentState, around: Surroundings, links: Links, public_url: str) -> str:
    """Where an online visit is joined: told to nobody before the patient has confirmed it."""
    service = around.services.get(str(state.service_id))
    if service is None or not service.virtual or state.status not in AGREED:
        return ""
    link = Link(around.network.network_id, "visit", state.appointment_id, state.created_at + LONGEST)
    return f"{public_url}/v/{links.token(link)}"


def book_link(message: Message, public_url: str) -> str:
    """Where the patient books again, with all that is known filled in."""
    known = {
        "service": message.service_id,
        "practitioner": message.practitioner_id,
        "branch": message.branch_id if message.origin == "outreach" else None,
        "campaign": message.origin_id if message.origin == "outreach" else None,
        "source": "recall" if message.origin == "outreach" else None,
    }
    return f"{public_url}/book/{message.network_id}?{_query(tuple(known.items()))}"


@lru_cache(maxsize=1000)
def _query(known: tuple[tuple[str, object], ...]) -> str:
    return urlencode([(name, str(value)) for name, value in known if value is not None])
