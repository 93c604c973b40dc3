"""What the gateway says of itself: facts about staff, without personal data; and how the first accounts are made."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from common.contracts.messages import Command, Done, Event

Role = Literal["reception", "delegate", "doctor", "manager", "accounting", "admin"]
EmailText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    ),
]


class CreateStaff(Command[Done]):
    """Make an account; answered by the gateway for an installation's own tools, who sign as `system:gateway`.

    Refused: `email-taken`, `practitioner-taken`, `practitioners-by-role` (a delegate names whom they act for, and
    nobody else does), `password-too-weak`, `unknown-network`. The same `staff_id` again answers the same.
    """

    subject: ClassVar[str] = "gateway.command.staff.create.v1"
    staff_id: UUID
    email: EmailText
    display_name: str = Field(min_length=1, max_length=120)
    password: str = Field(min_length=1, max_length=200)
    roles: list[Role] = Field(min_length=1, max_length=5)
    branch_ids: list[UUID] = Field(default_factory=list, max_length=200)
    """Empty means every branch."""
    practitioner_id: UUID | None = None
    """Who a doctor is in the directory."""
    practitioner_ids: list[UUID] = Field(default_factory=list, max_length=50)
    """For whom a delegate acts."""


class StaffChanged(Event):
    """A staff account was made or changed: its roles, branches and practitioners."""

    subject: ClassVar[str] = "gateway.event.staff.changed.v1"
    staff_id: UUID
    roles: list[str]
    branch_ids: list[UUID]
    practitioner_ids: list[UUID] = Field(default_factory=list)
    """Whose agendas it is bound to, as doctor or as delegate."""
    active: bool
