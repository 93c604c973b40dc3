"""Giving an appointment up, or moving it: until when patients can by themselves, for which reasons, and the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from booking.rules.refusals import ReasonNotListed
from common.contracts.booking import PatientReason, Report, ReportRow, StaffReason

PATIENT_REASONS: tuple[str, ...] = get_args(PatientReason)
STAFF_REASONS: tuple[str, ...] = get_args(StaffReason)


@dataclass(frozen=True)
class GivenUp:
    """Cancellations, or moves, that are alike, counted."""

    act: str
    """`cancelled` or `moved`."""
    reason: str
    number: int
    late: int
    """How many of them inside the notice that binds patients."""


def check_reason(reason: str, *, by_patient: bool) -> None:
    """Refuse what is not on the list of whoever gives it."""
    listed = PATIENT_REASONS if by_patient else STAFF_REASONS
    if reason not in listed:
        raise ReasonNotListed("Choose one of the reasons", reasons=list(listed))


def is_late(starts_at: datetime, *, now: datetime, notice: timedelta) -> bool:
    """Whether it is inside the notice, or has begun."""
    return starts_at - now < notice or starts_at <= now


def report(given_up: Sequence[GivenUp]) -> Report:
    """How many were cancelled and moved, how many of them late, and why."""
    rows = [
        ReportRow(
            labels={"act": one.act, "reason": one.reason}, values={"number": one.number, "late": one.late}
        )
        for one in given_up
    ]
    totals: dict[str, float] = {
        act: sum(one.number for one in given_up if one.act == act) for act in ("cancelled", "moved")
    }
    return Report(
        kpi="cancellations", totals={**totals, "late": sum(one.late for one in given_up)}, rows=rows
    )
