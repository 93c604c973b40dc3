"""Reports over a period of local days."""

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules import availability, giving_up, load
from booking.rules import reports as rules
from booking.rules.catalogue import Catalogue
from booking.tables import moves, reports
from common.contracts.booking import AskReport, Report
from common.contracts.directory import Branch


async def report(tx: AsyncConnection, catalogue: Catalogue, query: AskReport) -> Report:
    """One report; days are local to each branch, the last one included."""
    branches = (
        [catalogue.branch(query.branch_id)]
        if query.branch_id is not None
        else list(catalogue.branches.values())
    )
    periods = [_period(query, branch) for branch in branches]
    network_id = catalogue.network.network_id
    if query.kpi == "load":
        days = load.days_of(query)
        worked = await reports.worked(tx, network_id, periods)
        blocked = await reports.blocked(tx, network_id, list(catalogue.practitioners), periods)
        return load.report(worked, blocked, catalogue, branches, days)
    if query.kpi == "till":
        ids = [branch.branch_id for branch in branches]
        return rules.till(await reports.taken(tx, network_id, ids, query.from_date, query.to_date), catalogue)
    if query.kpi == "cancellations":
        return giving_up.report(await moves.given_up(tx, network_id, periods))
    tallies = await reports.tallies(tx, network_id, periods)
    match query.kpi:
        case "no-show":
            return rules.no_show(tallies, catalogue)
        case "sources":
            return rules.sources(tallies)
        case "revenue":
            return rules.revenue(tallies, catalogue)


def _period(query: AskReport, branch: Branch) -> reports.Period:
    start, _ = availability.local_day(branch.zone, query.from_date)
    _, end = availability.local_day(branch.zone, query.to_date)
    return reports.Period(branch.branch_id, availability.instant(start), availability.instant(end))
