"""What an e-mail carries beside its text, from the appointment as it stands at that moment."""

from datetime import datetime, timedelta

from common.calendar import CalendarFile, Invitation, calendar_file
from common.contracts.booking import AppointmentRecord, Status
from common.links import Link, Links
from notifications.channels import Enclosure
from notifications.operations import composing
from notifications.operations.deciding import Surroundings
from notifications.operations.parts import Parts
from notifications.rules import texts as wording
from notifications.rules.texts import Text
from notifications.tables.messages import Message
from notifications.templates import texts
from notifications.templates.mail import mail_texts

OVER: frozenset[Status] = frozenset({"fulfilled", "noshow", "arrived"})
UNSUBSCRIBE_FOR = timedelta(days=366)
"""How long the link in an invitation ends invitations."""


def enclosed(
    message: Message, text: Text, record: AppointmentRecord | None, around: Surroundings, parts: Parts, to: str,
    *, now: datetime,
) -> Enclosure:  # fmt: skip
    """Mails about one appointment are one thread, through every move."""
    clinic = composing.clinic(around, message)
    links, public_url = parts.links, parts.public_url
    marketing = message.message_class == "marketing"
    file = _calendar(record, around, text, _invitation(message, clinic, parts, to), parts, now=now)
    return Enclosure(
        sender_name=clinic,
        subject=_subject(message, text, record, around, clinic),
        thread=str(message.appointment_id or message.origin_id),
        link=composing.manage_link(message, record, links, public_url)
        or composing.book_link(message, public_url),
        unsubscribe=_unsubscribe(message, links, public_url, now) if marketing else "",
        unsubscribe_title=mail_texts(text.locale).unsubscribe if marketing else "",
        calendar=file.body if file else b"",
        calendar_method=file.method if file else "",
    )


def _subject(
    message: Message, text: Text, record: AppointmentRecord | None, around: Surroundings, clinic: str
) -> str:
    """When, or from whom: a subject is read by whoever looks over a shoulder."""
    subjects = mail_texts(text.locale).subjects
    starts_at = record.appointment.starts_at if record else message.starts_at
    if starts_at is None or message.message_class == "marketing":
        return subjects["news"].replace("{clinic}", clinic)
    zone = around.branches[str(message.branch_id)].zone
    when = wording.moment(texts(text.locale), "when", starts_at, zone)
    return subjects.get(message.template, subjects["visit"]).replace("{when}", when)


def _invitation(message: Message, clinic: str, parts: Parts, to: str) -> Invitation:
    return Invitation(f"{message.network_id}@{parts.mail_domain}", clinic, to)


def _calendar(
    record: AppointmentRecord | None, around: Surroundings, text: Text, invitation: Invitation, parts: Parts,
    *, now: datetime,
) -> CalendarFile | None:  # fmt: skip
    """The visit as it stands; none for what has taken place."""
    if record is None or record.appointment.status in OVER:
        return None
    state = record.appointment
    service = around.services.get(str(state.service_id))
    return calendar_file(
        state,
        network=around.network,
        branch=around.branches.get(str(state.branch_id)),
        practitioner=around.practitioners.get(str(state.practitioner_id)),
        locale=text.locale,
        invitation=invitation,
        online=service is not None and service.virtual,
        join_url=composing.join_link(state, around, parts.links, parts.public_url),
        now=now,
    )


def _unsubscribe(message: Message, links: Links, public_url: str, now: datetime) -> str:
    link = Link(message.network_id, "unsubscribe", message.patient_id, now + UNSUBSCRIBE_FOR)
    return f"{public_url}/l/{links.token(link)}/unsubscribe"
