"""Recall rules and what is planned for a patient, owned by recall."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Command, Done, Event, Message, Query


class Interval(Message):
    """Calendar arithmetic: months first (clamped to the month's end), then days. 5.5 months is 6 months − 15 days."""

    months: int = Field(default=0, ge=0, le=120)
    days: int = Field(default=0, ge=-365, le=3650)


class RecallRule(Message):
    """After the last visit of a service of `service_kind`, invite at `after`."""

    rule_id: UUID
    name: str = Field(min_length=1, max_length=100)
    service_kind: str = Field(min_length=1, max_length=40)
    after: Interval
    template: str = "recall"
    active: bool = True


class RecallRules(Message):
    """The network's rules with their versions (rule id as text -> version)."""

    rules: list[RecallRule]
    versions: dict[str, int]


class ListRecallRules(Query[RecallRules]):
    """All rules of the network."""

    subject: ClassVar[str] = "recall.query.rules.list.v1"


class PutRecallRule(Command[Done]):
    """Create or replace a rule; what is already planned stays."""

    subject: ClassVar[str] = "recall.command.rule.put.v1"
    rule: RecallRule
    if_version: int | None = None


class PlannedRecall(Message):
    """One invitation: planned, or how it ended."""

    outreach_id: UUID
    rule_id: UUID
    rule_name: str
    patient_id: UUID
    service_kind: str
    service_id: UUID | None
    branch_id: UUID
    due_at: AwareDatetime
    state: Literal["planned", "invited", "superseded", "booked", "suppressed", "cancelled"]
    reason: str | None = None
    last_visit_at: AwareDatetime


class PlannedRecalls(Message):
    """What is planned for a patient, by due time."""

    recalls: list[PlannedRecall]


class RecallsOf(Query[PlannedRecalls]):
    """Planned and past invitations of one patient (with the ids merged into it)."""

    subject: ClassVar[str] = "recall.query.recalls.of-patient.v1"
    patient_ids: list[UUID] = Field(min_length=1, max_length=100)


class OutreachDue(Event):
    """A patient should be invited now; notifications decides whether and how. `version` is the outreach's."""

    subject: ClassVar[str] = "recall.event.outreach.due.v1"
    outreach_id: UUID
    patient_id: UUID
    template: str
    branch_id: UUID
    service_id: UUID | None
    practitioner_id: UUID | None
    last_visit_at: AwareDatetime
    expires_at: AwareDatetime
    """After this the invitation is pointless."""
