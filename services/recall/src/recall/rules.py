"""When a patient is invited back, and where an invitation stands: pure, no I/O, no clock."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from common.contracts.booking import Status
from common.contracts.recall import Interval, RecallRule
from common.errors import Refused

State = Literal["planned", "invited", "superseded", "booked", "suppressed", "cancelled"]

INVITED_AT = time(10)
"""The branch's local time at which an invitation becomes due."""

USEFUL = timedelta(days=30)
"""How long an invitation makes sense after it became due."""

OPEN: frozenset[Status] = frozenset({"booked", "confirmed", "arrived", "displaced"})
"""The patient is coming already; a hold is not a booking yet."""

HYGIENE_AFTER = Interval(months=6, days=-15)
_DEFAULT_RULES = UUID("0190f2a4-6b1e-7c55-9a01-6d1f0c2b7a10")


class IntervalNotAfter(Refused):
    """A recall comes after the visit."""

    code = "interval-not-after"


@dataclass(frozen=True)
class Appointment:
    """What recall keeps of an appointment of a kind that has a rule."""

    appointment_id: UUID
    status: Status
    starts_at: datetime


@dataclass(frozen=True)
class Recall:
    """One invitation back, for one visit under one rule. `due_at` is None when nothing is left to do."""

    outreach_id: UUID
    rule_id: UUID
    patient_id: UUID
    service_kind: str
    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    visit_id: UUID
    last_visit_at: datetime
    planned_for: datetime
    template: str
    state: State = "planned"
    due_at: datetime | None = None
    invited_at: datetime | None = None
    reason: str | None = None
    version: int = 0
    traceparent: str | None = None


def default_rule(network_id: str) -> RecallRule:
    """What every network starts with: hygiene again 5.5 months after the last one."""
    return RecallRule(
        rule_id=uuid5(_DEFAULT_RULES, f"{network_id}/hygiene"),
        name="Hygiene",
        service_kind="hygiene",
        after=HYGIENE_AFTER,
    )


def check(rule: RecallRule) -> None:
    """Raises `interval-not-after` where the interval could end on or before the day of the visit."""
    if rule.after.months * 28 + rule.after.days <= 0:
        raise IntervalNotAfter("A recall comes after the visit")


def after(day: date, interval: Interval) -> date:
    """Months first, clamped to the month's end, then days: 2024-08-31 + 6 months − 15 days is 2025-02-13."""
    months = day.year * 12 + day.month - 1 + interval.months
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=interval.days)


def due(last_visit_at: datetime, interval: Interval, zone: str) -> datetime:
    """The instant to invite: the rule's day after the visit's local day, in the branch's morning."""
    there = ZoneInfo(zone)
    return _morning(after(last_visit_at.astimezone(there).date(), interval), there)


def latest_visit(appointments: Sequence[Appointment]) -> Appointment | None:
    """The last visit that took place."""
    visits = [one for one in appointments if one.status == "fulfilled"]
    return max(visits, key=lambda one: (one.starts_at, one.appointment_id), default=None)


def settle(recall: Recall, appointments: Sequence[Appointment], zone: str) -> Recall:
    """Where an invitation stands, given every appointment of its patient for the same kind of service.

    Depends on nothing but what is known now, so that the order in which events arrive does not matter. An
    invitation that went out never becomes planned again: whoever cancels after it was invited once.
    """
    visit = next((one for one in appointments if one.appointment_id == recall.visit_id), None)
    if visit is None:
        return recall
    later = [one for one in appointments if one.starts_at > visit.starts_at]
    coming = any(one.status in OPEN for one in later)
    came = any(one.status == "fulfilled" for one in later)
    if recall.invited_at is not None:
        return _after_the_invitation(recall, converted=coming or came)
    if visit.status != "fulfilled":
        return replace(recall, state="cancelled", due_at=None, reason="visit-undone")
    if came:
        return replace(recall, state="superseded", due_at=None, reason="newer-visit")
    if coming:
        return replace(recall, state="booked", due_at=None, reason="booked-already")
    return replace(
        recall, state="planned", due_at=_not_before_the_day_is_over(recall, later, zone), reason=None
    )


def booked_elsewhere(recall: Recall) -> Recall:
    """Its owner knows of a future appointment that has not been told to us yet."""
    return replace(recall, state="booked", due_at=None, reason="booked-already")


def invite(recall: Recall, *, now: datetime) -> Recall:
    """The invitation goes out, once."""
    return replace(
        recall, state="invited", due_at=None, invited_at=now, reason=None, version=recall.version + 1
    )


def _after_the_invitation(recall: Recall, *, converted: bool) -> Recall:
    if recall.state == "invited" and converted:
        return replace(recall, state="booked")
    if recall.state == "booked" and not converted:
        return replace(recall, state="invited")
    return recall


def _not_before_the_day_is_over(recall: Recall, later: Sequence[Appointment], zone: str) -> datetime:
    """A no-show may be a mistake that is undone the same day, so it is acted on the next morning."""
    there = ZoneInfo(zone)
    missed = [one.starts_at for one in later if one.status == "noshow"]
    mornings = [_morning(at.astimezone(there).date() + timedelta(days=1), there) for at in missed]
    return max([recall.planned_for, *mornings])


def _morning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, INVITED_AT, zone).astimezone(ZoneInfo("UTC"))
