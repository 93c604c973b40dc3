"""How much of what practitioners offer is booked, by day."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from operator import itemgetter
from uuid import UUID

from booking.rules import availability
from booking.rules.availability import Span
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import PeriodTooLong
from booking.rules.reports import grouped, practitioner_labels
from common.contracts.booking import AskReport, Report, ReportRow
from common.contracts.directory import Branch

LONGEST = 366
"""Days of the report, which has a row per practitioner and day."""


@dataclass(frozen=True)
class Worked:
    """A visit that has or had its time."""

    practitioner_id: UUID
    branch_id: UUID
    starts_at: datetime
    ends_at: datetime
    overbooked: bool = False


def days_of(query: AskReport) -> list[date]:
    """The days asked for; refused `period-too-long` beyond a year."""
    number = (query.to_date - query.from_date).days + 1
    if number > LONGEST:
        raise PeriodTooLong(f"Load is told for at most {LONGEST} days", days=LONGEST)
    return list(availability.days_from(query.from_date, number))


def report(
    visits: Iterable[Worked],
    blocked: Mapping[UUID, Iterable[Span]],
    catalogue: Catalogue,
    branches: Sequence[Branch],
    days: Sequence[date],
) -> Report:
    """Booked minutes as a share of offered minutes, per practitioner and local day.

    Offered is working time without what is blocked of it (absences, closed branches, other calendars) where no visit
    stands; booked is the visits that have or had their time (not buffers, not who stayed away); `overbooked` is the
    part of it that shares another visit's time on purpose. Whoever is no longer active offers nothing but on the
    days of visits: since when is not known.
    """
    booked = grouped(
        visits,
        lambda one: (
            one.practitioner_id,
            one.branch_id,
            local_date(one.starts_at, catalogue.branch(one.branch_id)),
        ),
    )
    rows = []
    for practitioner in catalogue.practitioners.values():
        gone = availability.merged(blocked.get(practitioner.practitioner_id, ()))
        for branch, day in product(branches, days):
            theirs = booked.get((practitioner.practitioner_id, branch.branch_id, day), [])
            if not (theirs or (practitioner.active and branch.active)):
                continue
            rules = catalogue.hours_at(practitioner, branch.branch_id)
            working = availability.working_on(rules, branch.hours, branch.zone, day)
            offered = _offered(working, gone, theirs)
            if offered or theirs:
                labels = {
                    **practitioner_labels(catalogue, practitioner.practitioner_id),
                    "branch_id": str(branch.branch_id),
                    "day": day.isoformat(),
                }
                shared = _minutes(one for one in theirs if one.overbooked)
                rows.append(ReportRow(labels=labels, values=_load(_minutes(theirs), offered, shared)))
    names = ("booked", "offered", "overbooked")
    totals = _load(*(sum(row.values[name] for row in rows) for name in names))
    return Report(kpi="load", totals=totals, rows=rows)


def _offered(working: Sequence[Span], gone: Sequence[Span], visits: Iterable[Worked]) -> float:
    """Minutes of a day's working time that are left. `gone` is sorted and without overlaps."""
    if not working:
        return 0
    # A year of another calendar's times would otherwise be gone through for each of its days.
    first = bisect_right(gone, working[0][0], key=itemgetter(1))
    last = bisect_left(gone, working[-1][1], key=itemgetter(0))
    standing = availability.merged(
        (availability.seconds(one.starts_at), availability.seconds(one.ends_at)) for one in visits
    )
    lost = availability.without(gone[first:last], standing)
    return sum(end - start for start, end in availability.without(working, lost)) / 60


def _minutes(visits: Iterable[Worked]) -> float:
    return sum((one.ends_at - one.starts_at).total_seconds() / 60 for one in visits)


def _load(booked: float, offered: float, overbooked: float) -> dict[str, float]:
    return {
        "booked": booked,
        "offered": offered,
        "overbooked": overbooked,
        "load": booked / offered if offered else 0.0,
    }
