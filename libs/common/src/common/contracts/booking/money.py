"""What visits cost and what was paid."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from common.contracts.booking.states import AppointmentRecord
from common.contracts.messages import Command, Message


class Paid(Message):
    """What was paid at the desk."""

    amount: int = Field(ge=0, le=10**12)
    currency: str = Field(min_length=3, max_length=3)
    method: Literal["cash", "card", "transfer", "other"] = "other"


class RecordPayment(Command[AppointmentRecord]):
    """Money that came after the visit. Refused: `unknown-visit`, `wrong-currency`."""

    subject: ClassVar[str] = "booking.command.visit.pay.v1"
    visit_id: UUID
    paid: Paid
