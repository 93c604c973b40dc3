"""Reports over a period of local days."""

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules import availability
from booking.rules import reports as rules
from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from booking.tables import appointments
from common.contracts.booking import AskReport, Report


async def report(tx: AsyncConnection, catalogue: Catalogue, query: AskReport) -> Report:
    """One report; days are local to each branch, the last one included."""
    branches = (
        [catalogue.branch(query.branch_id)]
        if query.branch_id is not None
        else list(catalogue.branches.values())
    )
    found: list[Appointment] = []
    for branch in branches:
        start, _ = availability.local_day(branch.zone, query.from_date)
        _, end = availability.local_day(branch.zone, query.to_date)
        found += await appointments.of_branch(
            tx,
            catalogue.network.network_id,
            branch.branch_id,
            availability.instant(start),
            availability.instant(end),
        )
    match query.kpi:
        case "no-show":
            return rules.no_show(found, catalogue)
        case "sources":
            return rules.sources(found)
        case "revenue":
            return rules.revenue(found, catalogue)
        case "load":
            days = list(availability.days_from(query.from_date, (query.to_date - query.from_date).days + 1))
            return rules.load(found, catalogue, branches, days)
