"""The numbers of the reports, from the appointments of a period. Money in minor units."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from booking.rules import availability
from booking.rules.appointment import OCCUPYING, Appointment
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from common.contracts.booking import Report, ReportRow
from common.contracts.directory import Branch

Key = TypeVar("Key", bound=Hashable)

VISITS = frozenset({"booked", "confirmed", "arrived", "fulfilled", "noshow"})
"""What counts as booked in the no-show report: neither cancelled nor only held."""


def no_show(appointments: Iterable[Appointment], catalogue: Catalogue) -> Report:
    """The share of those who did not come among those who were to come and whose visit has ended either way.

    `lost` is the price of the missed visits, as the catalogue had it when they were booked.
    """
    visits = [appointment for appointment in appointments if appointment.status in VISITS]
    rows = [
        ReportRow(labels=_practitioner(catalogue, practitioner_id), values=_no_show(theirs))
        for practitioner_id, theirs in _grouped(visits, lambda visit: visit.practitioner_id).items()
    ]
    return Report(kpi="no-show", totals=_no_show(visits), rows=rows)


def _no_show(visits: Sequence[Appointment]) -> dict[str, float]:
    fulfilled = sum(visit.status == "fulfilled" for visit in visits)
    missed = [visit for visit in visits if visit.status == "noshow"]
    ended = fulfilled + len(missed)
    return {
        "booked": len(visits),
        "fulfilled": fulfilled,
        "noshow": len(missed),
        "rate": len(missed) / ended if ended else 0.0,
        "lost": sum(visit.price or 0 for visit in missed),
    }


def sources(appointments: Iterable[Appointment]) -> Report:
    """How many bookings came by which channel, whatever became of them."""
    booked = [appointment for appointment in appointments if appointment.status != "held"]
    rows = [
        ReportRow(labels={"source": source}, values={"booked": len(theirs)})
        for source, theirs in sorted(_grouped(booked, lambda one: one.source).items())
    ]
    return Report(kpi="sources", totals={"booked": len(booked)}, rows=rows)


def revenue(appointments: Iterable[Appointment], catalogue: Catalogue) -> Report:
    """What was paid, by practitioner and service. A payment counts on the day of its visit."""
    paid = [appointment for appointment in appointments if appointment.payments]
    rows = [
        ReportRow(
            labels={
                **_practitioner(catalogue, practitioner_id),
                "service_id": str(service_id),
                "service": next(iter(catalogue.service(service_id).name.values()), ""),
            },
            values={"visits": len(theirs), "paid": sum(visit.paid for visit in theirs)},
        )
        for (practitioner_id, service_id), theirs in _grouped(
            paid, lambda visit: (visit.practitioner_id, visit.service_id)
        ).items()
    ]
    totals = {"visits": len(paid), "paid": sum(visit.paid for visit in paid)}
    return Report(kpi="revenue", totals=totals, rows=rows)


def load(
    appointments: Iterable[Appointment],
    catalogue: Catalogue,
    branches: Sequence[Branch],
    days: Sequence[date],
) -> Report:
    """Booked minutes as a share of offered minutes, per practitioner and local day.

    Offered is working time; booked is the visits that have or had their time (not buffers, not who stayed away).
    """
    booked = _grouped(
        (one for one in appointments if one.status in OCCUPYING and one.status != "held"),
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
                    minutes = sum((one.ends_at - one.starts_at).total_seconds() / 60 for one in theirs)
                    rows.append(ReportRow(labels=labels, values=_load(minutes, offered)))
    totals = _load(sum(row.values["booked"] for row in rows), sum(row.values["offered"] for row in rows))
    return Report(kpi="load", totals=totals, rows=rows)


def _load(booked: float, offered: float) -> dict[str, float]:
    return {"booked": booked, "offered": offered, "load": booked / offered if offered else 0.0}


def _practitioner(catalogue: Catalogue, practitioner_id: UUID) -> dict[str, str]:
    return {
        "practitioner_id": str(practitioner_id),
        "practitioner": catalogue.practitioner(practitioner_id).name,
    }


def _grouped(
    appointments: Iterable[Appointment], key: Callable[[Appointment], Key]
) -> Mapping[Key, list[Appointment]]:
    groups: dict[Key, list[Appointment]] = defaultdict(list)
    for appointment in appointments:
        groups[key(appointment)].append(appointment)
    return groups
