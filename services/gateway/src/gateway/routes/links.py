"""The link to manage one appointment, and nothing else: valid until the visit ends, read-only after a cancellation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from common import caller as callers
from common.caller import Caller
from common.contracts.booking import (
    AppointmentRecord,
    CancelAppointment,
    ConfirmAppointment,
    FindAlternatives,
    FindFreeSlots,
    GetAppointments,
    PatientReason,
    RescheduleAppointment,
)
from common.contracts.directory import Directory
from common.contracts.messages import Command
from common.errors import Refused, UnknownThing
from common.links import Link, Purpose
from gateway.handlers import Parts
from gateway.queries import calendar
from gateway.queries.directory import around
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    answer,
    carry_out,
    json_answer,
    minted,
    to_be_audited,
)
from gateway.routes.instants import Instant
from gateway.routes.shapes import (
    Booked,
    LinkShape,
    SlotsShape,
    book_path,
    link_shape,
    manage_url,
    online_shape,
    public_appointment,
    visit_url,
)
from gateway.rules import manage_links
from gateway.rules.chats import CODE_LASTS, Chat, chats

router = APIRouter(route_class=AuditedRoute, tags=["patients"])

_MANAGE: frozenset[Purpose] = frozenset({"manage"})
_CONFIRM: frozenset[Purpose] = frozenset({"manage", "confirm", "visit"})
_CALENDAR: frozenset[Purpose] = frozenset({"manage", "calendar"})


@dataclass(frozen=True)
class Opened:
    """What a link opened: one appointment, seen and changed as its patient."""

    record: AppointmentRecord
    caller: Caller
    network_id: str
    purpose: Purpose


async def open_link(
    request: Request, parts: Parts, token: str, accepted: frozenset[Purpose], action: str
) -> Opened:
    """Read a link and the appointment, or held time, that it stands for; what is done by it is audited."""
    link = parts.links.read(token[:400], now=parts.clock.now())
    manage_links.check_purpose(link.purpose, accepted)
    to_be_audited(
        request,
        network_id=link.network_id,
        actor="patient-by-link",
        action=action,
        purpose="link",
        appointment_id=link.thing_id,
    )
    found = await parts.asks.ask(
        GetAppointments(appointment_ids=[link.thing_id]),
        caller=callers.system("gateway", link.network_id),
    )
    if not found.appointments:
        raise UnknownThing("appointment")
    record = found.appointments[0]
    again = book_path(link.network_id, record.appointment)
    manage_links.check_time(record.appointment, link.purpose, now=parts.clock.now(), book_path=again)
    patient = Caller(
        network_id=link.network_id, actor=f"patient:{record.appointment.patient_id}", purpose="link"
    )
    return Opened(record, patient, link.network_id, link.purpose)


@router.get("/api/v1/links/{token}", response_model=LinkShape)
async def look(token: str, request: Request, parts: PartsHere) -> Response:
    """The appointment with its place, its practitioner, and what may still be done."""
    opened = await open_link(request, parts, token, _CONFIRM, "links.read")
    directory = await parts.public_directory.of(opened.network_id)
    known = around(directory, opened.record.appointment)
    actions = manage_links.acts(opened.record.appointment, opened.purpose)
    return answer(
        link_shape(
            opened.record, known, directory.network, actions=actions,
            chats=_chats(parts, opened) if "reschedule" in actions else (),
            online=online_shape(opened.record, known, now=parts.clock.now()),
        )
    )  # fmt: skip


def _chats(parts: Parts, opened: Opened) -> Iterator[Chat]:
    """Where the patient can be reminded beside: a code stands for their appointment, and for nothing else."""
    appointment_id = opened.record.appointment.appointment_id
    expires_at = parts.clock.now() + CODE_LASTS
    code = parts.links.code(Link(opened.network_id, "handle", appointment_id, expires_at))
    return chats(parts.chat_links, opened.network_id, code)


@router.get("/api/v1/links/{token}/calendar.ics")
async def calendar_of(token: str, request: Request, parts: PartsHere) -> Response:
    """The calendar file: the same entry under the same UID, however often it moved."""
    opened = await open_link(request, parts, token, _CALENDAR, "links.read")
    directory = await parts.public_directory.of(opened.network_id)
    file = calendar.of_appointment(
        opened.record, directory, join_url=_join_url(parts, opened, directory), now=parts.clock.now()
    )
    return Response(
        file.body,
        headers={"Content-Disposition": 'attachment; filename="appointment.ics"'},
        media_type=file.media_type,
    )


def _join_url(parts: Parts, opened: Opened, directory: Directory) -> str:
    """Told to whoever has confirmed an online visit."""
    online = online_shape(opened.record, around(directory, opened.record.appointment), now=parts.clock.now())
    if online is None or online.state == "unconfirmed":
        return ""
    return visit_url(parts, opened.network_id, opened.record)


@router.get("/api/v1/links/{token}/alternatives", response_model=SlotsShape)
async def alternatives(token: str, request: Request, parts: PartsHere) -> Response:
    """Other times: same practitioner, then same branch, then soonest."""
    opened = await open_link(request, parts, token, _MANAGE, "links.read")
    question = FindAlternatives(appointment_id=opened.record.appointment.appointment_id)
    return json_answer(await parts.asks.ask_bytes(question, caller=opened.caller))


@router.get("/api/v1/links/{token}/slots", response_model=SlotsShape)
async def slots(
    token: str,
    request: Request,
    parts: PartsHere,
    from_date: Annotated[date | None, Query(alias="from")] = None,
    days: Annotated[int, Query(ge=1, le=62)] = 7,
    practitioner_id: UUID | None = None,
    branch_id: UUID | None = None,
) -> Response:
    """Free times for the same service, with the same practitioner at the same branch unless others are named."""
    opened = await open_link(request, parts, token, _MANAGE, "links.read")
    state = opened.record.appointment
    question = FindFreeSlots(
        service_id=state.service_id,
        branch_id=branch_id or state.branch_id,
        practitioner_id=practitioner_id or state.practitioner_id,
        from_date=from_date,
        days=days,
    )
    return json_answer(await parts.asks.ask_bytes(question, caller=opened.caller))


class Cancelling(Input):
    """Why, if the patient says so."""

    reason: PatientReason = "unspecified"


class Moving(Input):
    """Where to."""

    starts_at: Instant
    practitioner_id: UUID | None = None
    branch_id: UUID | None = None
    reason: PatientReason = "unspecified"


async def _changed(parts: Parts, opened: Opened, command: Command[AppointmentRecord]) -> Response:
    """An order that comes again with its key is answered as it was, though by now the link is read-only, perhaps by
    this very order: booking alone knows, and so is asked first. A new order on such a link is `link-read-only`."""
    try:
        record = await carry_out(parts, command, opened.caller)
    except Refused:
        manage_links.check_open(opened.record.appointment)
        raise
    shown = Booked(
        appointment=public_appointment(record), manage_url=manage_url(parts, opened.network_id, record)
    )
    return answer(shown)


@router.post("/api/v1/links/{token}/confirm", response_model=Booked)
async def confirm(
    token: str, request: Request, parts: PartsHere, idempotency_key: IdempotencyKey = None
) -> Response:
    """The patient will come."""
    opened = await open_link(request, parts, token, _CONFIRM, "links.confirm")
    ids = await minted(request, opened.caller, idempotency_key)
    command = ConfirmAppointment(
        command_id=ids.id("confirm"), appointment_id=opened.record.appointment.appointment_id
    )
    return await _changed(parts, opened, command)


@router.post("/api/v1/links/{token}/cancel", response_model=Booked)
async def cancel(
    token: str,
    request: Request,
    parts: PartsHere,
    body: Cancelling | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The slot is free again, for others at once."""
    opened = await open_link(request, parts, token, _MANAGE, "links.cancel")
    ids = await minted(request, opened.caller, idempotency_key)
    command = CancelAppointment(
        command_id=ids.id("cancel"),
        appointment_id=opened.record.appointment.appointment_id,
        reason=(body or Cancelling()).reason,
    )
    return await _changed(parts, opened, command)


@router.post("/api/v1/links/{token}/reschedule", response_model=Booked)
async def reschedule(
    token: str, body: Moving, request: Request, parts: PartsHere, idempotency_key: IdempotencyKey = None
) -> Response:
    """Another time."""
    opened = await open_link(request, parts, token, _MANAGE, "links.reschedule")
    ids = await minted(request, opened.caller, idempotency_key)
    command = RescheduleAppointment(
        command_id=ids.id("reschedule"),
        appointment_id=opened.record.appointment.appointment_id,
        starts_at=body.starts_at,
        practitioner_id=body.practitioner_id,
        branch_id=body.branch_id,
        reason=body.reason,
    )
    return await _changed(parts, opened, command)
