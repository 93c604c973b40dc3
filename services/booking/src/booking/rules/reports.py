"""The numbers of the reports, from counts of a period's appointments. Money in minor units."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from booking.rules.catalogue import Catalogue
from common.contracts.booking import Report, ReportRow, Source, Status

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

VISITS = frozenset({"booked", "confirmed", "arrived", "fulfilled", "noshow"})
"""What counts as booked in the no-show report: neither cancelled nor displaced."""


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


def no_show(tallies: Iterable[Tally], catalogue: Catalogue) -> Report:
    """The share of those who did not come among those who were to come and whose visit has ended either way.

    `lost` is the price of the missed visits, as the catalogue had it when they were booked.
    """
    visits = [tally for tally in tallies if tally.status in VISITS]
    rows = [
        ReportRow(labels=practitioner_labels(catalogue, practitioner_id), values=_no_show(theirs))
        for practitioner_id, theirs in grouped(visits, lambda tally: tally.practitioner_id).items()
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
        for source, theirs in sorted(grouped(tallies, lambda tally: tally.source).items())
    ]
    return Report(kpi="sources", totals={"booked": sum(tally.number for tally in tallies)}, rows=rows)


def revenue(tallies: Iterable[Tally], catalogue: Catalogue) -> Report:
    """What visits brought, by practitioner and service. Money counts on the day of its visit, a deposit not yet."""
    visits = [tally for tally in tallies if tally.status == "fulfilled"]
    rows = [
        ReportRow(
            labels={
                **practitioner_labels(catalogue, practitioner_id),
                "service_id": str(service_id),
                "service": next(iter(catalogue.service(service_id).name.values()), ""),
            },
            values=_revenue(theirs),
        )
        for (practitioner_id, service_id), theirs in grouped(
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
        for (branch_id, method), theirs in grouped(taken, lambda one: (one.branch_id, one.method)).items()
    ]
    return Report(kpi="till", totals=_taken(taken), rows=rows)


def _taken(taken: Sequence[Taken]) -> dict[str, float]:
    received, refunded = sum(one.received for one in taken), sum(one.refunded for one in taken)
    return {"received": received, "refunded": refunded, "net": received - refunded}


def practitioner_labels(catalogue: Catalogue, practitioner_id: UUID) -> dict[str, str]:
    """Whose row it is."""
    return {
        "practitioner_id": str(practitioner_id),
        "practitioner": catalogue.practitioner(practitioner_id).name,
    }


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> Mapping[Key, list[Item]]:
    """What has the same key together, in the order given."""
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
