"""The numbers of the reports, from counts of a period's appointments. Money in minor units."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from booking.rules import availability
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import PeriodTooLong
from common.contracts.booking import AskReport, Report, ReportRow, Source, Status
from common.contracts.directory import Branch

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

VISITS = frozenset({"booked", "confirmed", "arrived", "fulfilled", "noshow"})
"""What counts as booked in the no-show report: neither cancelled nor displaced."""
LONGEST_LOAD = 366
"""Days of the load report, which has a row per practitioner and day."""


@dataclass(frozen=True)
class Tally:
    """Bookings (a hold that nobody took up never was one) that are alike, counted."""

    practitioner_id: UUID
    service_id: UUID
    status: Status
    source: Source
    number: int
    price: int
    """The sum of what they cost: what the catalogue asked for when they were booked, or was agreed on."""
    paid: int
    """Less what went back."""
    paid_for: int
    """How many of them anything was paid for that has not gone back."""
    discounts: int = 0
    """The sum of what they cost less than the catalogue asked for."""


@dataclass(frozen=True)
class Taken:
    """What one branch's till received and gave back by one method."""

    branch_id: UUID
    method: str
    received: int
    refunded: int


@dataclass(frozen=True)
class Worked:
    """A visit that has or had its time."""

    practitioner_id: UUID
    branch_id: UUID
    starts_at: datetime
    ends_at: datetime
    overbooked: bool = False


def no_show(tallies: Iterable[Tally], catalogue: Catalogue) -> Report:
    """The share of those who did not come among those who were to come and whose visit has ended either way.

    `lost` is the price of the missed visits, as the catalogue had it when they were booked.
    """
    visits = [tally for tally in tallies if tally.status in VISITS]
    rows = [
        ReportRow(labels=_practitioner(catalogue, practitioner_id), values=_no_show(theirs))
        for practitioner_id, theirs in _grouped(visits, lambda tally: tally.practitioner_id).items()
    ]
    return Report(kpi="no-show", totals=_no_show(visits), rows=rows)


def _no_show(visits: Sequence[Tally]) -> dict[str, float]:
    fulfilled = sum(tally.number for tally in visits if tally.status == "fulfilled")
    missed = [tally for tally in visits if tally.status == "noshow"]
    noshow = sum(tally.number for tally in missed)
    return {
        "booked": sum(tally.number for tally in visits),
        "fulfilled": fulfilled,
        "noshow": noshow,
        "rate": noshow / (fulfilled + noshow) if fulfilled + noshow else 0.0,
        "lost": sum(tally.price for tally in missed),
    }


def sources(tallies: Sequence[Tally]) -> Report:
    """How many bookings came by which channel, whatever became of them."""
    rows = [
        ReportRow(labels={"source": source}, values={"booked": sum(tally.number for tally in theirs)})
        for source, theirs in sorted(_grouped(tallies, lambda tally: tally.source).items())
    ]
    return Report(kpi="sources", totals={"booked": sum(tally.number for tally in tallies)}, rows=rows)


def revenue(tallies: Iterable[Tally], catalogue: Catalogue) -> Report:
    """What visits brought, by practitioner and service. Money counts on the day of its visit, a deposit not yet."""
    visits = [tally for tally in tallies if tally.status == "fulfilled"]
    rows = [
        ReportRow(
            labels={
                **_practitioner(catalogue, practitioner_id),
                "service_id": str(service_id),
                "service": next(iter(catalogue.service(service_id).name.values()), ""),
            },
            values=_revenue(theirs),
        )
        for (practitioner_id, service_id), theirs in _grouped(
            visits, lambda tally: (tally.practitioner_id, tally.service_id)
        ).items()
    ]
    return Report(kpi="revenue", totals=_revenue(visits), rows=rows)


def _revenue(tallies: Sequence[Tally]) -> dict[str, float]:
    visits = sum(tally.paid_for for tally in tallies)
    paid = sum(tally.paid for tally in tallies)
    return {
        "visits": visits,
        "paid": paid,
        "average": paid / visits if visits else 0.0,
        "charged": sum(tally.price for tally in tallies),
        "discounts": sum(tally.discounts for tally in tallies),
    }


def till(taken: Sequence[Taken], catalogue: Catalogue) -> Report:
    """What tills received and gave back, by branch and method, on their own days."""
    rows = [
        ReportRow(
            labels={
                "branch_id": str(branch_id),
                "branch": catalogue.branch(branch_id).name,
                "method": method,
            },
            values=_taken(theirs),
        )
        for (branch_id, method), theirs in _grouped(taken, lambda one: (one.branch_id, one.method)).items()
    ]
    return Report(kpi="till", totals=_taken(taken), rows=rows)


def _taken(taken: Sequence[Taken]) -> dict[str, float]:
    received, refunded = sum(one.received for one in taken), sum(one.refunded for one in taken)
    return {"received": received, "refunded": refunded, "net": received - refunded}


def days_of_load(query: AskReport) -> list[date]:
    """The days of a load report; refused `period-too-long` beyond a year."""
    number = (query.to_date - query.from_date).days + 1
    if number > LONGEST_LOAD:
        raise PeriodTooLong(f"Load is told for at most {LONGEST_LOAD} days", days=LONGEST_LOAD)
    return list(availability.days_from(query.from_date, number))


def load(
    visits: Iterable[Worked],
    catalogue: Catalogue,
    branches: Sequence[Branch],
    days: Sequence[date],
) -> Report:
    """Booked minutes as a share of offered minutes, per practitioner and local day.

    Offered is working time; booked is the visits that have or had their time (not buffers, not who stayed away);
    `overbooked` is the part of it that shares another visit's time on purpose.
    """
    booked = _grouped(
        visits,
        lambda one: (
            one.practitioner_id,
            one.branch_id,
            local_date(one.starts_at, catalogue.branch(one.branch_id)),
        ),
    )
    rows = []
    for practitioner in catalogue.practitioners.values():
        for branch in branches:
            rules = catalogue.hours_at(practitioner, branch.branch_id)
            for day in days:
                spans = availability.working_on(rules, branch.hours, branch.zone, day)
                theirs = booked.get((practitioner.practitioner_id, branch.branch_id, day), [])
                if spans or theirs:
                    labels = {
                        **_practitioner(catalogue, practitioner.practitioner_id),
                        "branch_id": str(branch.branch_id),
                        "day": day.isoformat(),
                    }
                    offered = sum(end - start for start, end in spans) / 60
                    minutes = _minutes(theirs)
                    shared = _minutes(one for one in theirs if one.overbooked)
                    rows.append(ReportRow(labels=labels, values=_load(minutes, offered, shared)))
    names = ("booked", "offered", "overbooked")
    totals = _load(*(sum(row.values[name] for row in rows) for name in names))
    return Report(kpi="load", totals=totals, rows=rows)


def _minutes(visits: Iterable[Worked]) -> float:
    return sum((one.ends_at - one.starts_at).total_seconds() / 60 for one in visits)


def _load(booked: float, offered: float, overbooked: float) -> dict[str, float]:
    return {
        "booked": booked,
        "offered": offered,
        "overbooked": overbooked,
        "load": booked / offered if offered else 0.0,
    }


def _practitioner(catalogue: Catalogue, practitioner_id: UUID) -> dict[str, str]:
    return {
        "practitioner_id": str(practitioner_id),
        "practitioner": catalogue.practitioner(practitioner_id).name,
    }


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> Mapping[Key, list[Item]]:
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
