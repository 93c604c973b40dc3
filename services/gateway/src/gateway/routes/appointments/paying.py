"""Money for a visit: what came, what went back, what moved, and when the rest is paid."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field, StringConstraints

from common.contracts.booking import (
    AppointmentRecord,
    Instalment,
    MoveCredit,
    Paid,
    PaymentMethod,
    PutInstalments,
    RecordPayment,
    RefundPayment,
    ReversePayment,
)
from common.contracts.messages import Command, Money
from common.errors import Refused
from gateway.routes.access import AuditedRoute, Input
from gateway.routes.appointments.looking import concerns, shown
from gateway.routes.desk import Desk, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["money"])
Cashier = Annotated[Desk, Depends(desk_with_key("payments.record"))]
Refunder = Annotated[Desk, Depends(desk_with_key("payments.refund"))]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

MOST = 10**12


class NowhereElse(Refused):
    """Money would move from a visit to itself."""

    code = "malformed"


class MoneyInput(Input):
    """An amount in minor units (2500000 is 25 000 ₸)."""

    amount: int = Field(ge=0, le=MOST)
    currency: str = Field(min_length=3, max_length=3)

    def money(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)


class PaidInput(MoneyInput):
    """What was paid."""

    method: PaymentMethod = "other"

    def paid(self) -> Paid:
        return Paid(amount=self.amount, currency=self.currency, method=self.method)


class OfTheBill(Input):
    """`if_version` refuses when somebody else was quicker: two desks never take one bill twice."""

    if_version: int | None = None


class Paying(OfTheBill):
    """Money for a visit, or before it a deposit; `branch_id` is where it was taken, where that is elsewhere."""

    paid: PaidInput
    branch_id: UUID | None = None


class Refunding(OfTheBill):
    """Money that goes back. With `lowers_price` the visit costs that much less; else it is open again."""

    amount: int = Field(gt=0, le=MOST)
    currency: str = Field(min_length=3, max_length=3)
    method: PaymentMethod
    reason: Why
    lowers_price: bool = False
    branch_id: UUID | None = None


class Reversing(OfTheBill):
    """Why the entry was wrong."""

    reason: Why


class Moving(OfTheBill):
    """Where money goes that is not owed here; all of it without `amount`."""

    to_visit_id: UUID
    amount: int | None = Field(default=None, gt=0, le=MOST)


class InstalmentInput(Input):
    """A part, and the last day on which it is paid in time."""

    due_on: date
    amount: int = Field(gt=0, le=MOST)


class Agreeing(OfTheBill):
    """Parts that sum to what is open."""

    instalments: list[InstalmentInput] = Field(min_length=1, max_length=60)


@router.post("/api/v1/visits/{visit_id}/payments", status_code=201)
async def pay(visit_id: UUID, body: Paying, desk: Cashier) -> Response:
    """Money for a visit, or a deposit for an appointment to come."""
    command = RecordPayment(
        visit_id=visit_id, paid=body.paid.paid(), branch_id=body.branch_id, if_version=body.if_version
    )
    return await _settle(desk, visit_id, command)


@router.post("/api/v1/visits/{visit_id}/refunds", status_code=201)
async def refund(visit_id: UUID, body: Refunding, desk: Refunder) -> Response:
    """Money goes back, never more than was paid. 422 `more-than-was-paid` says how much that is."""
    return await _settle(desk, visit_id, RefundPayment(visit_id=visit_id, **body.model_dump()))


@router.post("/api/v1/visits/{visit_id}/payments/{payment_id}/reverse", status_code=201)
async def reverse(visit_id: UUID, payment_id: UUID, body: Reversing, desk: Cashier) -> Response:
    """Undo a wrong entry by another; reception undoes its own of the same day."""
    desk.about(payment_id=payment_id)
    command = ReversePayment(visit_id=visit_id, payment_id=payment_id, **body.model_dump())
    return await _settle(desk, visit_id, command)


@router.post("/api/v1/visits/{visit_id}/move-credit", status_code=201)
async def move(visit_id: UUID, body: Moving, desk: Cashier) -> Response:
    """What was paid for a cancelled appointment, or beyond a price, pays for another; answers with that one."""
    desk.about(to_visit_id=body.to_visit_id)
    if body.to_visit_id == visit_id:
        raise NowhereElse("Money moves to another visit")
    return await _settle(desk, visit_id, MoveCredit(visit_id=visit_id, **body.model_dump()))


@router.post("/api/v1/visits/{visit_id}/instalments", status_code=201)
async def agree(visit_id: UUID, body: Agreeing, desk: Cashier) -> Response:
    """When the open part of a visit is paid, in place of what was agreed before."""
    command = PutInstalments(
        visit_id=visit_id,
        instalments=[Instalment(due_on=one.due_on, amount=one.amount) for one in body.instalments],
        if_version=body.if_version,
    )
    return await _settle(desk, visit_id, command)


async def _settle(desk: Desk, visit_id: UUID, command: Command[AppointmentRecord]) -> Response:
    desk.about(visit_id=visit_id)
    record = await desk.tell(command)
    concerns(desk, record)
    return shown(desk, record, 201)
