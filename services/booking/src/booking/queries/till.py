"""What has to be looked at before a branch's day is closed."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.queries.appointments import record_of
from booking.rules import availability, telling
from booking.rules import till as rules
from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.tables import appointments
from booking.tables import till as rows
from common.caller import Caller
from common.contracts.booking import ClosingDay, DayClose
from common.contracts.directory import Branch


async def closing_day(
    tx: AsyncConnection, catalogue: Catalogue, query: DayClose, caller: Caller, *, now: datetime
) -> ClosingDay:
    """One branch's day with its till, its loose ends, and who has not confirmed for the next."""
    network_id = catalogue.network.network_id
    branch = catalogue.branch(query.branch_id)
    expect_may(caller, "close-day", branch_id=branch.branch_id)
    visits = await visits_of(tx, network_id, branch, query.day)
    tomorrow = await visits_of(tx, network_id, branch, query.day + timedelta(days=1))
    till = rules.lines(await rows.entries(tx, network_id, branch.branch_id, query.day))
    told = [
        telling.visit(one, service_kind=catalogue.service(one.service_id).kind, asked=True)
        for one in visits
        if one.account.open > 0
    ]
    return ClosingDay(
        branch_id=branch.branch_id,
        day=query.day,
        currency=catalogue.network.currency,
        closing=await rows.closing(tx, network_id, branch.branch_id, query.day),
        unclosed=[record_of(catalogue, one) for one in rules.unclosed(visits, now=now)],
        till=till,
        expected_cash=rules.cash(till),
        debts=[visit for visit in told if visit is not None],
        unconfirmed=[record_of(catalogue, one) for one in tomorrow if one.status == "booked"],
    )


async def visits_of(tx: AsyncConnection, network_id: str, branch: Branch, day: date) -> list[Appointment]:
    """Everything of a branch's local day but holds, from its midnight to the next, however many hours that is."""
    start, end = availability.local_day(branch.zone, day)
    return await appointments.of_branch(
        tx, network_id, branch.branch_id, availability.instant(start), availability.instant(end)
    )
