"""The next visit with whom the patient was last."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.queries.slots import alternatives, find
from booking.rules import availability, next_visit
from booking.rules.appointment import Appointment
from booking.rules.booking import Place
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may, may
from booking.rules.slots import Search
from booking.tables import appointments
from common.caller import Caller
from common.contracts.booking import FindNextSlots, NextSlots, Slot
from common.contracts.directory import Service

DAYS = 31


async def next_slots(
    tx: AsyncConnection, catalogue: Catalogue, query: FindNextSlots, caller: Caller, *, now: datetime
) -> NextSlots:
    """Whom somebody saw last, as far as the caller may know, and when there is time."""
    for patient_id in query.patient_ids:
        expect_may(caller, "read-history", patient_id=patient_id)
    service = catalogue.service(query.service_id)
    known = [
        one
        for one in await appointments.of_patients(tx, catalogue.network.network_id, query.patient_ids)
        if may(caller, "read-history", practitioner_id=one.practitioner_id, patient_id=one.patient_id)
    ]
    last = next_visit.last_visit(known, service, catalogue)
    return NextSlots(
        last_visit_id=last.appointment_id if last else None,
        practitioner_id=last.practitioner_id if last else None,
        branch_id=last.branch_id if last else None,
        slots=await _slots(tx, catalogue, query, service, last, now=now),
    )


async def _slots(
    tx: AsyncConnection,
    catalogue: Catalogue,
    query: FindNextSlots,
    service: Service,
    last: Appointment | None,
    *,
    now: datetime,
) -> list[Slot]:
    if last is None:
        search = Search(service, first=query.from_date, days=DAYS)
        return (await find(tx, catalogue, search, now=now))[: query.limit]
    branch = catalogue.branch(last.branch_id)
    begins = now
    if query.from_date is not None:
        begins = max(now, availability.instant(availability.local_day(branch.zone, query.from_date)[0]))
    place = Place(service, branch, catalogue.practitioner(last.practitioner_id), begins)
    return await alternatives(tx, catalogue, place, now=now, limit=query.limit)
