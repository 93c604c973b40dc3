"""What patients owe, and what their visits cost and brought."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules import balance, telling
from booking.rules.appointment import Appointment
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.tables import appointments, ledger
from common.caller import Caller
from common.contracts.booking import (
    BalanceOf,
    Balances,
    PatientVisits,
    VisitLine,
    VisitsOfPatient,
    VisitTotals,
)


async def balances(
    tx: AsyncConnection, catalogue: Catalogue, query: BalanceOf, caller: Caller, *, now: datetime
) -> Balances:
    """What several patients owe and are owed, by the calendars of the branches where they do."""
    expect_may(caller, "read-money")
    accounts = await ledger.accounts(tx, catalogue.network.network_id, query.patient_ids)
    return Balances(
        balances=balance.balances(accounts, lambda branch_id: local_date(now, catalogue.branch(branch_id)))
    )


async def visits_of_patient(
    tx: AsyncConnection, catalogue: Catalogue, query: VisitsOfPatient, caller: Caller
) -> PatientVisits:
    """Visits that took place, newest first, with what was paid, and what they come to."""
    expect_may(caller, "read-money")
    found = await appointments.of_patients(tx, catalogue.network.network_id, query.patient_ids)
    visits = [one for one in found if one.status == "fulfilled"]
    by_currency: dict[str, list[Appointment]] = defaultdict(list)
    for one in visits:
        by_currency[one.currency or catalogue.network.currency].append(one)
    return PatientVisits(
        visits=[line for one in visits if (line := _line(catalogue, one)) is not None],
        totals=[
            VisitTotals(
                currency=currency,
                visits=len(theirs),
                charged=sum(one.account.charged for one in theirs),
                paid=sum(one.paid for one in theirs),
            )
            for currency, theirs in sorted(by_currency.items())
        ],
    )


def _line(catalogue: Catalogue, one: Appointment) -> VisitLine | None:
    service = catalogue.service(one.service_id)
    visit = telling.visit(one, service_kind=service.kind, asked=True)
    if visit is None:
        return None
    return VisitLine(
        visit=visit,
        service=service.name,
        practitioner=catalogue.practitioner(one.practitioner_id).name,
        payment_status=balance.payment_status(
            one.account, gave_back=any(entry.kind == "refund" for entry in one.entries)
        ),
    )
