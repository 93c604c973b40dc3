"""The text of one message at the moment it leaves: whose language, which visit, which links."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from common.contracts.booking import AppointmentRecord
from common.contracts.patient_profile import Card
from common.links import Link, Links
from notifications.operations.deciding import Surroundings
from notifications.rules import facts
from notifications.rules.texts import Subject, Text, compose
from notifications.tables.messages import Message
from notifications.templates import texts
from notifications.templates.spoken import spoken

LONGEST = timedelta(days=731)
"""A link outlives every possible move of its appointment; the gateway checks the visit's own end."""


def composed(
    message: Message, card: Card | None, record: AppointmentRecord | None, around: Surroundings, links: Links,
    public_url: str, *, asks: bool, by_buttons: bool, aloud: bool = False, now: datetime,
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
        book_link="" if aloud else book_link(message, public_url),
        options=tuple(datetime.fromisoformat(each) for each in message.data.get("starts", [])),
    )
    no_links = bool(card and card.preferences.no_smartphone) and not aloud
    return compose(
        spoken(locale).texts if aloud else texts(locale), message.parts, subject, facts.reader(card, locale),
        now=now, asks=asks, by_buttons=by_buttons, links=not no_links, payload=str(message.appointment_id),
    )  # fmt: skip


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
    expires_at = record.appointment.created_at + LONGEST
    token = links.token(Link(message.network_id, "manage", message.appointment_id, expires_at))
    return f"{public_url}/l/{token}"


def book_link(message: Message, public_url: str) -> str:
    """Where the patient books again, with all that is known filled in."""
    known = {
        "service": message.service_id,
        "practitioner": message.practitioner_id,
        "branch": message.branch_id if message.origin == "outreach" else None,
        "campaign": message.origin_id if message.origin == "outreach" else None,
        "source": "recall" if message.origin == "outreach" else None,
    }
    query = urlencode({name: str(value) for name, value in known.items() if value is not None})
    return f"{public_url}/book/{message.network_id}?{query}"
