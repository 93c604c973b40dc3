"""What would become of messages, decided by the very function that sends them; nothing is written."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Message, Query
from common.contracts.notifications.messages import MessageClass, Reason
from common.contracts.patient_profile import Channel


class SimulatedMessage(Message):
    """One patient at one instant. `reason` settled it; `cost` is an estimate in the network's minor units."""

    patient_id: UUID
    at: AwareDatetime
    verdict: Literal["send", "wait", "drop"]
    channel: Channel | None
    send_at: AwareDatetime | None
    reason: str
    reasons: list[Reason]
    policy_version: str
    cost: int | None = None


class Simulation(Message):
    """One line for each patient and instant, in the order asked for."""

    messages: list[SimulatedMessage]


class SimulateMessages(Query[Simulation]):
    """What would be decided about a message of this class and text, were it due at these instants.

    It may wait for an open window until `useful_for_hours` after its instant. Refused: `unknown-branch`,
    `unknown-template`.
    """

    subject: ClassVar[str] = "notifications.query.messages.simulate.v1"
    message_class: MessageClass
    template: str = Field(max_length=60)
    branch_id: UUID
    service_id: UUID | None = None
    practitioner_id: UUID | None = None
    patient_ids: list[UUID] = Field(min_length=1, max_length=500)
    instants: list[AwareDatetime] = Field(min_length=1, max_length=10)
    useful_for_hours: int = Field(default=14 * 24, ge=1, le=90 * 24)
