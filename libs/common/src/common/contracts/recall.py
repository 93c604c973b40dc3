"""Recall rules and what is planned for a patient, owned by recall."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from common.contracts.messages import Command, Done, Event, Message, Query
from common.contracts.notifications import MessageClass


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


Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class OutreachValues(Message):
    """What a reminder says beside the clinic and the service, in the patient's language; an invitation says nothing."""

    medicine: Said = ""
    dose: Said = ""
    topic: Said = ""
    """The examination or the other item of a care plan, or what an event or an article is about."""
    due_at: AwareDatetime | None = None
    """When the medicine is taken, the last day on which it is handed out, or when the examination or event is."""


class DescribeOutreach(Query[OutreachValues]):
    """What a reminder says. Asked for when it is planned, for a medicine tells who is ill: no event holds it."""

    subject: ClassVar[str] = "recall.query.outreach.describe.v1"
    outreach_id: UUID


class OutreachDue(Event):
    """A patient should be invited or reminded now; notifications decides whether and how. `version` is the outreach's."""

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
    message_class: MessageClass = "marketing"
    """`service` for what the patient enrolled for or a doctor ordered. A text that advertises is marketing whatever
    stands here."""
    described: bool = False
    """Whether there is more to say, which `DescribeOutreach` tells."""
