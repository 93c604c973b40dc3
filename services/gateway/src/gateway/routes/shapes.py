"""What goes out over HTTP, where it is not a contract's own shape."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from common.contracts.booking import AppointmentRecord, AppointmentState, Slot, Source, Status
from common.contracts.directory import Address, Country, Locale, NameForms, Network, Texts
from common.contracts.patient_profile import Channel
from common.links import Link
from gateway.handlers import Parts
from gateway.queries.directory import Around
from gateway.rules import manage_links, meetings
from gateway.rules.chats import Chat
from gateway.rules.manage_links import LONGEST


class NetworkShape(BaseModel):
    """A network, as everybody may know it."""

    network_id: str
    name: str
    country: Country
    locales: list[Locale]
    currency: str


class NetworksShape(BaseModel):
    """Every network of this installation."""

    networks: list[NetworkShape]


class SlotsShape(BaseModel):
    """Times that can be booked; `truncated` where there are more than one answer holds."""

    slots: list[Slot]
    truncated: bool


class PublicAppointment(BaseModel):
    """An appointment as its patient sees it."""

    id: UUID
    status: Status
    version: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    branch_id: UUID
    practitioner_id: UUID
    service_id: UUID
    source: Source
    sequence: int
    late_cancel: bool
    confirmed_at: AwareDatetime | None


class Booked(BaseModel):
    """A booking, and the link to manage it."""

    appointment: PublicAppointment
    manage_url: str


class LinkBranch(BaseModel):
    """Where to come."""

    branch_id: UUID
    name: str
    zone: str
    locale: Locale
    address: Address
    phone: str


class LinkPractitioner(BaseModel):
    """Whom to see."""

    practitioner_id: UUID
    name: str
    name_forms: NameForms
    speciality: Texts
    room: str


class LinkService(BaseModel):
    """What for."""

    service_id: UUID
    name: Texts
    duration: int
    preparation: Texts
    cancellation_notice: int
    virtual: bool


class OnlineShape(BaseModel):
    """How far an online visit is: to be confirmed, too early to join, or open."""

    state: meetings.State
    opens_at: AwareDatetime
    closes_at: AwareDatetime


class ChatShape(BaseModel):
    """An app in which reminders can come: opening the link there is all, or sending the code."""

    channel: Channel
    url: str
    code: str


class LinkShape(BaseModel):
    """One appointment, by its link: nothing of the patient, and what may still be done."""

    appointment: PublicAppointment
    network: NetworkShape
    branch: LinkBranch | None
    practitioner: LinkPractitioner | None
    service: LinkService | None
    read_only: bool
    actions: list[str]
    book_path: str
    """Where to book the same with the same practitioner again."""
    chats: list[ChatShape]
    online: OnlineShape | None = None
    """Only where the visit is held online and to take place."""


def public_appointment(record: AppointmentRecord) -> PublicAppointment:
    """Without the patient's id, which would tell whether somebody was known before."""
    state = record.appointment
    return PublicAppointment(
        id=state.appointment_id,
        status=state.status,
        version=record.version,
        starts_at=state.starts_at,
        ends_at=state.ends_at,
        branch_id=state.branch_id,
        practitioner_id=state.practitioner_id,
        service_id=state.service_id,
        source=state.source,
        sequence=state.sequence,
        late_cancel=state.late_cancel,
        confirmed_at=state.confirmed_at,
    )


def manage_url(parts: Parts, network_id: str, record: AppointmentRecord) -> str:
    """The link to manage an appointment; the visit's own end decides how long it is valid."""
    link = Link(
        network_id=network_id,
        purpose="manage",
        thing_id=record.appointment.appointment_id,
        expires_at=record.appointment.created_at + LONGEST,
    )
    return f"{parts.public_url}/l/{parts.links.token(link)}"


def book_path(network_id: str, appointment: AppointmentState) -> str:
    """The widget with everything of an appointment filled in but its time."""
    known = {
        "service": appointment.service_id,
        "practitioner": appointment.practitioner_id,
        "branch": appointment.branch_id,
    }
    return f"/book/{network_id}?{urlencode({name: str(value) for name, value in known.items()})}"


def visit_url(parts: Parts, network_id: str, record: AppointmentRecord) -> str:
    """The link to join an online visit; the visit's own time decides when it opens, and how long it is valid."""
    link = Link(
        network_id=network_id,
        purpose="visit",
        thing_id=record.appointment.appointment_id,
        expires_at=record.appointment.created_at + LONGEST,
    )
    return f"{parts.public_url}/v/{parts.links.token(link)}"


def link_shape(
    record: AppointmentRecord,
    known: Around,
    network: Network,
    *,
    actions: list[str],
    chats: Iterable[Chat] = (),
    online: OnlineShape | None = None,
) -> LinkShape:
    """An appointment with the facts of the directory around it."""
    state = record.appointment
    branch, practitioner, service = known.branch, known.practitioner, known.service
    return LinkShape(
        appointment=public_appointment(record),
        network=NetworkShape.model_validate(network.model_dump()),
        branch=LinkBranch.model_validate(branch.model_dump()) if branch else None,
        practitioner=(
            LinkPractitioner(
                **practitioner.model_dump(include={"practitioner_id", "name", "name_forms", "speciality"}),
                room=practitioner.rooms.get(str(state.branch_id), ""),
            )
            if practitioner
            else None
        ),
        service=LinkService.model_validate(service.model_dump()) if service else None,
        read_only=manage_links.read_only(state),
        actions=actions,
        book_path=book_path(network.network_id, state),
        chats=[ChatShape(channel=one.channel, url=one.url, code=one.code) for one in chats],
        online=online,
    )


def online_shape(record: AppointmentRecord, known: Around, *, now: datetime) -> OnlineShape | None:
    """None for a visit that is not online, or not to take place."""
    state = meetings.state(record.appointment, known.service, now=now)
    if state is None:
        return None
    return OnlineShape(
        state=state,
        opens_at=meetings.opens_at(record.appointment),
        closes_at=meetings.closes_at(record.appointment),
    )


Json = dict[str, Any]
