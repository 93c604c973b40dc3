"""What happens to an appointment after it was booked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
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
from gateway.routes.access import AuditedRoute, Input
from gateway.routes.appointments.looking import concerns, shown
from gateway.routes.appointments.paying import MoneyInput, PaidInput, Why
from gateway.routes.desk import Desk, desk_with_key
from gateway.routes.instants import Instant

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Changer = Annotated[Desk, Depends(desk_with_key("appointments.change"))]
Completer = Annotated[Desk, Depends(desk_with_key("appointments.complete"))]
Corrector = Annotated[Desk, Depends(desk_with_key("appointments.correct"))]


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


async def _change(desk: Desk, appointment_id: UUID, command: Command[AppointmentRecord]) -> Response:
    desk.about(appointment_id=appointment_id)
    record = await desk.tell(command)
    concerns(desk, record)
    return shown(desk, record)


@router.post("/api/v1/appointments/{appointment_id}/confirm")
async def confirm(appointment_id: UUID, desk: Changer, body: Versioned | None = None) -> Response:
    """The patient said on the phone that they will come."""
    command = ConfirmAppointment(appointment_id=appointment_id, if_version=body.if_version if body else None)
    return await _change(desk, appointment_id, command)


@router.post("/api/v1/appointments/{appointment_id}/cancel")
async def cancel(appointment_id: UUID, desk: Changer, body: Cancelling | None = None) -> Response:
    """The slot is free again."""
    body = body or Cancelling()
    command = CancelAppointment(appointment_id=appointment_id, reason=body.reason, if_version=body.if_version)
    return await _change(desk, appointment_id, command)


@router.post("/api/v1/appointments/{appointment_id}/reschedule")
async def reschedule(appointment_id: UUID, body: Moving, desk: Changer) -> Response:
    """Another time, and perhaps another practitioner or branch."""
    command = RescheduleAppointment(
        appointment_id=appointment_id,
        starts_at=body.starts_at,
        practitioner_id=body.practitioner_id,
        branch_id=body.branch_id,
        reason=body.reason,
        if_version=body.if_version,
    )
    return await _change(desk, appointment_id, command)


@router.post("/api/v1/appointments/{appointment_id}/check-in")
async def check_in(appointment_id: UUID, desk: Changer, body: Versioned | None = None) -> Response:
    """The patient is here."""
    command = CheckInAppointment(appointment_id=appointment_id, if_version=body.if_version if body else None)
    return await _change(desk, appointment_id, command)


@router.post("/api/v1/appointments/{appointment_id}/complete")
async def complete(appointment_id: UUID, desk: Completer, body: Completing | None = None) -> Response:
    """The visit took place; `paid` and `price` are for those who may take money."""
    body = body or Completing()
    if (body.paid is not None or body.price is not None) and not desk.may("payments.record"):
        raise NotAllowed("Your role does not permit payments")
    command = CompleteAppointment(
        appointment_id=appointment_id,
        paid=body.paid.paid() if body.paid else None,
        price=body.price.money() if body.price else None,
        price_reason=body.price_reason,
        if_version=body.if_version,
    )
    return await _change(desk, appointment_id, command)


@router.post("/api/v1/appointments/{appointment_id}/no-show")
async def no_show(appointment_id: UUID, desk: Changer, body: Versioned | None = None) -> Response:
    """The patient did not come."""
    command = MarkNoShow(appointment_id=appointment_id, if_version=body.if_version if body else None)
    return await _change(desk, appointment_id, command)


@router.post("/api/v1/appointments/{appointment_id}/correct")
async def correct(appointment_id: UUID, body: Correcting, desk: Corrector) -> Response:
    """Undo a wrong no-show, completion or check-in."""
    command = CorrectAppointment(
        appointment_id=appointment_id, reason=body.reason, if_version=body.if_version
    )
    return await _change(desk, appointment_id, command)
