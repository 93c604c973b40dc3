"""What happens to an appointment after it was booked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints

from common.contracts.booking import (
    AppointmentRecord,
    CancelAppointment,
    CheckInAppointment,
    CompleteAppointment,
    ConfirmAppointment,
    CorrectAppointment,
    MarkNoShow,
    RescheduleAppointment,
    StaffReason,
)
from common.contracts.messages import Command
from common.errors import NotAllowed
from gateway.handlers import Parts
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    carry_out,
    may,
    minted,
)
from gateway.routes.appointments.looking import concerns, shown
from gateway.routes.appointments.paying import MoneyInput, PaidInput, Why
from gateway.routes.instants import Instant
from gateway.rules.permissions import allowed

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Changer = Annotated[Principal, Depends(may("appointments.change"))]
Completer = Annotated[Principal, Depends(may("appointments.complete"))]
Corrector = Annotated[Principal, Depends(may("appointments.correct"))]


class Versioned(Input):
    """`if_version` refuses when somebody else was quicker."""

    if_version: int | None = None


class Cancelling(Versioned):
    """Why."""

    reason: StaffReason = "unspecified"


class Moving(Versioned):
    """Where to."""

    starts_at: Instant
    practitioner_id: UUID | None = None
    branch_id: UUID | None = None
    reason: StaffReason = "unspecified"


class Completing(Versioned):
    """The visit took place. `price` is for one that is not the catalogue's, with `price_reason`."""

    paid: PaidInput | None = None
    price: MoneyInput | None = None
    price_reason: Why | None = None


class Correcting(Versioned):
    """Why it was wrong."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


async def _change(
    request: Request,
    parts: Parts,
    principal: Principal,
    command: Command[AppointmentRecord],
    appointment_id: UUID,
) -> Response:
    about(request, appointment_id=appointment_id)
    record = await carry_out(parts, command, principal.caller)
    concerns(request, principal, record)
    return shown(record, principal)


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
        reason=body.reason,
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
    """The visit took place; `paid` and `price` are for those who may take money."""
    body = body or Completing()
    if (body.paid is not None or body.price is not None) and not allowed(principal.roles, "payments.record"):
        raise NotAllowed("Your role does not permit payments")
    ids = await minted(request, principal, idempotency_key)
    command = CompleteAppointment(
        command_id=ids.id("complete"),
        appointment_id=appointment_id,
        paid=body.paid.paid() if body.paid else None,
        price=body.price.money() if body.price else None,
        price_reason=body.price_reason,
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
