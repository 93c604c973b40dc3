"""The desk: appointments, walk-ins and payments."""

from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, StringConstraints, model_validator

from common.contracts.booking import (
    AppointmentRecord,
    BookAppointment,
    CancelAppointment,
    CheckInAppointment,
    CompleteAppointment,
    ConfirmAppointment,
    CorrectAppointment,
    FindAlternatives,
    GetAppointments,
    MarkNoShow,
    Paid,
    RecordPayment,
    RescheduleAppointment,
    Source,
)
from common.contracts.messages import Command
from common.errors import NotAllowed, UnknownThing
from gateway.handlers import Parts
from gateway.queries.patient_view import shown_record
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    carry_out,
    json_answer,
    may,
    minted,
    see_money,
)
from gateway.routes.bookings import Person, register
from gateway.routes.instants import Instant
from gateway.routes.shapes import SlotsShape, manage_url
from gateway.rules.minted import Minted
from gateway.rules.permissions import allowed, only_own

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("appointments.read"))]
Booker = Annotated[Principal, Depends(may("appointments.book"))]
Changer = Annotated[Principal, Depends(may("appointments.change"))]
Completer = Annotated[Principal, Depends(may("appointments.complete"))]
Corrector = Annotated[Principal, Depends(may("appointments.correct"))]
Cashier = Annotated[Principal, Depends(may("payments.record"))]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class WhoComes(Input):
    """A patient who is known, or one to be registered."""

    patient_id: UUID | None = None
    patient: Person | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "WhoComes":
        if (self.patient_id is None) is (self.patient is None):
            raise ValueError("give either patient_id or patient")
        return self


class AppointmentInput(WhoComes):
    """A booking at the desk or by phone."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant
    source: Source = "desk"
    booked_by: UUID | None = None
    campaign_id: UUID | None = None
    overbook_reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None
    ) = None
    """Why this visit shares a taken time on purpose: for managers."""


class WalkInInput(WhoComes):
    """Somebody is here without an appointment; `starts_at` is now where it is left out."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant | None = None


class Versioned(Input):
    """`if_version` refuses when somebody else was quicker."""

    if_version: int | None = None


class Cancelling(Versioned):
    """Why."""

    reason: Reason = "unspecified"


class Moving(Versioned):
    """Where to."""

    starts_at: Instant
    practitioner_id: UUID | None = None
    branch_id: UUID | None = None


class PaidInput(Input):
    """What was paid, in minor units (2500000 is 25 000 ₸)."""

    amount: int = Field(ge=0, le=10**12)
    currency: str = Field(min_length=3, max_length=3)
    method: Literal["cash", "card", "transfer", "other"] = "other"

    def paid(self) -> Paid:
        return Paid(amount=self.amount, currency=self.currency, method=self.method)


class Completing(Versioned):
    """The visit took place."""

    paid: PaidInput | None = None


class Correcting(Versioned):
    """Why it was wrong."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Paying(Input):
    """Money that came after the visit."""

    paid: PaidInput


# --- looking --------------------------------------------------------------------------------------------


async def record_of(
    request: Request, parts: Parts, principal: Principal, appointment_id: UUID
) -> AppointmentRecord:
    """One appointment that this account may see. Raises `unknown-appointment`, `NotAllowed`."""
    about(request, appointment_id=appointment_id)
    found = await parts.asks.ask(GetAppointments(appointment_ids=[appointment_id]), caller=principal.caller)
    if not found.appointments:
        raise UnknownThing("appointment", appointment_id)
    record = found.appointments[0]
    about(request, patient_id=record.appointment.patient_id)
    if only_own(principal.roles) and record.appointment.practitioner_id != principal.practitioner_id:
        raise NotAllowed("This appointment is not with you")
    return record


def _shown(record: AppointmentRecord, principal: Principal, status: int = 200, **more: str) -> Response:
    body = {"appointment": shown_record(record, money=see_money(principal)), **more}
    return json_answer(orjson.dumps(body), status)


@router.get("/api/v1/appointments/{appointment_id}")
async def look(appointment_id: UUID, request: Request, parts: PartsHere, principal: Reader) -> Response:
    """One appointment, with its version."""
    return _shown(await record_of(request, parts, principal, appointment_id), principal)


@router.get("/api/v1/appointments/{appointment_id}/alternatives", response_model=SlotsShape)
async def alternatives(
    appointment_id: UUID, request: Request, parts: PartsHere, principal: Reader
) -> Response:
    """Other times: same practitioner, then same branch, then soonest."""
    about(request, appointment_id=appointment_id)
    question = FindAlternatives(appointment_id=appointment_id)
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


# --- booking --------------------------------------------------------------------------------------------


async def _patient_of(
    request: Request, parts: Parts, principal: Principal, body: WhoComes, ids: Minted
) -> UUID:
    patient_id = body.patient_id
    if body.patient is not None:
        place = await parts.public_directory.network(principal.network_id)
        patient_id = await register(
            parts, principal.caller, place, body.patient, ids, "patient", provisional=False
        )
    assert patient_id is not None
    about(request, patient_id=patient_id)
    return patient_id


@router.post("/api/v1/appointments", status_code=201)
async def book(
    body: AppointmentInput,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Book for a patient who called or stands at the desk."""
    ids = await minted(request, principal, idempotency_key)
    patient_id = await _patient_of(request, parts, principal, body, ids)
    command = BookAppointment(
        command_id=ids.id("book"),
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=body.starts_at,
        source=body.source,
        booked_by=body.booked_by,
        campaign_id=body.campaign_id,
        overbook_reason=body.overbook_reason,
    )
    record = await carry_out(parts, command, principal.caller)
    about(request, appointment_id=record.appointment.appointment_id)
    return _shown(record, principal, 201, manage_url=manage_url(parts, principal.network_id, record))


@router.post("/api/v1/visits", status_code=201)
async def walk_in(
    body: WalkInInput,
    request: Request,
    parts: PartsHere,
    principal: Booker,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Register if needed, book and check in, at once. Bound by neither notice nor grid."""
    ids = await minted(request, principal, idempotency_key)
    patient_id = await _patient_of(request, parts, principal, body, ids)
    starts_at = body.starts_at or parts.clock.now().replace(second=0, microsecond=0)
    command = BookAppointment(
        command_id=ids.id("book"),
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=starts_at,
        source="walk-in",
        walk_in=True,
    )
    record = await carry_out(parts, command, principal.caller)
    about(request, appointment_id=record.appointment.appointment_id)
    check_in = CheckInAppointment(
        command_id=ids.id("check-in"), appointment_id=record.appointment.appointment_id
    )
    return _shown(await carry_out(parts, check_in, principal.caller), principal, 201)


# --- changing -------------------------------------------------------------------------------------------


async def _change(
    request: Request,
    parts: Parts,
    principal: Principal,
    command: Command[AppointmentRecord],
    appointment_id: UUID,
) -> Response:
    about(request, appointment_id=appointment_id)
    if only_own(principal.roles):
        await record_of(request, parts, principal, appointment_id)
    record = await carry_out(parts, command, principal.caller)
    about(request, patient_id=record.appointment.patient_id)
    return _shown(record, principal)


@router.post("/api/v1/appointments/{appointment_id}/confirm")
async def confirm(
    appointment_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Changer,
    body: Versioned | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The patient said on the phone that they will come."""
    ids = await minted(request, principal, idempotency_key)
    command = ConfirmAppointment(
        command_id=ids.id("confirm"),
        appointment_id=appointment_id,
        if_version=body.if_version if body else None,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/appointments/{appointment_id}/cancel")
async def cancel(
    appointment_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Changer,
    body: Cancelling | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The slot is free again."""
    body = body or Cancelling()
    ids = await minted(request, principal, idempotency_key)
    command = CancelAppointment(
        command_id=ids.id("cancel"),
        appointment_id=appointment_id,
        reason=body.reason,
        if_version=body.if_version,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/appointments/{appointment_id}/reschedule")
async def reschedule(
    appointment_id: UUID,
    body: Moving,
    request: Request,
    parts: PartsHere,
    principal: Changer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Another time, and perhaps another practitioner or branch."""
    ids = await minted(request, principal, idempotency_key)
    command = RescheduleAppointment(
        command_id=ids.id("reschedule"),
        appointment_id=appointment_id,
        starts_at=body.starts_at,
        practitioner_id=body.practitioner_id,
        branch_id=body.branch_id,
        if_version=body.if_version,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/appointments/{appointment_id}/check-in")
async def check_in(
    appointment_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Changer,
    body: Versioned | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The patient is here."""
    ids = await minted(request, principal, idempotency_key)
    command = CheckInAppointment(
        command_id=ids.id("check-in"),
        appointment_id=appointment_id,
        if_version=body.if_version if body else None,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/appointments/{appointment_id}/complete")
async def complete(
    appointment_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Completer,
    body: Completing | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The visit took place; `paid` is for those who may take money."""
    body = body or Completing()
    if body.paid is not None and not allowed(principal.roles, "payments.record"):
        raise NotAllowed("Your role does not permit payments")
    ids = await minted(request, principal, idempotency_key)
    command = CompleteAppointment(
        command_id=ids.id("complete"),
        appointment_id=appointment_id,
        paid=body.paid.paid() if body.paid else None,
        if_version=body.if_version,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/appointments/{appointment_id}/no-show")
async def no_show(
    appointment_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Changer,
    body: Versioned | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The patient did not come."""
    ids = await minted(request, principal, idempotency_key)
    command = MarkNoShow(
        command_id=ids.id("no-show"),
        appointment_id=appointment_id,
        if_version=body.if_version if body else None,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/appointments/{appointment_id}/correct")
async def correct(
    appointment_id: UUID,
    body: Correcting,
    request: Request,
    parts: PartsHere,
    principal: Corrector,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Undo a wrong no-show, completion or check-in."""
    ids = await minted(request, principal, idempotency_key)
    command = CorrectAppointment(
        command_id=ids.id("correct"),
        appointment_id=appointment_id,
        reason=body.reason,
        if_version=body.if_version,
    )
    return await _change(request, parts, principal, command, appointment_id)


@router.post("/api/v1/visits/{visit_id}/payments", status_code=201)
async def pay(
    visit_id: UUID,
    body: Paying,
    request: Request,
    parts: PartsHere,
    principal: Cashier,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Money that came after the visit."""
    ids = await minted(request, principal, idempotency_key)
    about(request, visit_id=visit_id)
    command = RecordPayment(command_id=ids.id("pay"), visit_id=visit_id, paid=body.paid.paid())
    record = await carry_out(parts, command, principal.caller)
    about(request, patient_id=record.appointment.patient_id)
    return _shown(record, principal, 201)
