"""Figures of the schedule, and the tasks that booking raises."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.contracts.messages import Event, Message, Query
from common.contracts.patient_profile import TaskKind


class ReportRow(Message):
    """One line of a report: labels and numbers."""

    labels: dict[str, str]
    values: dict[str, float]


class Report(Message):
    """Totals and lines of a report."""

    kpi: str
    totals: dict[str, float]
    rows: list[ReportRow] = Field(default_factory=list)


class AskReport(Query[Report]):
    """`no-show`: totals booked, fulfilled, noshow, rate, lost (minor units), by practitioner;
    `sources`: appointments per source; `load`: booked and offered minutes per practitioner and day
    (`overbooked` of the booked ones on purpose beside another visit);
    `revenue`: visits that were paid for, `paid` (less refunds), `charged` and `discounts` per practitioner and service,
    by the day of the visit; `average` is paid / visits, the average ticket;
    `cancellations`: cancelled, moved and late (inside the notice) among what was to start in these days, by act and
    reason;
    `till`: received and refunded per branch and method, by the day of the till.
    Days are local to the branch, `to_date` included."""

    subject: ClassVar[str] = "booking.query.report.v1"
    kpi: Literal["no-show", "sources", "load", "revenue", "till", "cancellations"]
    from_date: date
    to_date: date
    branch_id: UUID | None = None


class TaskRaised(Event):
    """A person is needed; patient-profile owns the queue. The same shape as every service's own."""

    subject: ClassVar[str] = "booking.event.task.raised.v1"
    task_id: UUID
    kind: TaskKind
    patient_id: UUID | None
    appointment_id: UUID | None
    branch_id: UUID | None
    due_at: AwareDatetime
    reason: str = Field(max_length=200)
    """A code or a fixed phrase, never a patient's words."""
