"""Money for a visit."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from common.contracts.booking import Paid, RecordPayment
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
from gateway.routes.appointments.looking import shown

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Cashier = Annotated[Principal, Depends(may("payments.record"))]


class PaidInput(Input):
    """What was paid, in minor units (2500000 is 25 000 ₸)."""

    amount: int = Field(ge=0, le=10**12)
    currency: str = Field(min_length=3, max_length=3)
    method: Literal["cash", "card", "transfer", "other"] = "other"

    def paid(self) -> Paid:
        return Paid(amount=self.amount, currency=self.currency, method=self.method)


class Paying(Input):
    """Money that came after the visit."""

    paid: PaidInput


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
    return shown(record, principal, 201)
