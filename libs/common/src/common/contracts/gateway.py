"""What the gateway says of itself: facts about staff, without personal data."""

from typing import ClassVar
from uuid import UUID

from common.contracts.messages import Event


class StaffChanged(Event):
    """A staff account was made or changed: its roles and branches."""

    subject: ClassVar[str] = "gateway.event.staff.changed.v1"
    staff_id: UUID
    roles: list[str]
    branch_ids: list[UUID]
    active: bool
