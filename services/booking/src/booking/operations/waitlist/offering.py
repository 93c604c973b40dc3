"""Freed time is held for those who wait for it, in the order in which they are entitled to it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.taking import take_quietly
from booking.queries import slots
from booking.rules import waitlist as rules
from booking.rules.appointment import Appointment
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.slots import Search
from booking.rules.waitlist import Entry, Freed
from booking.tables import waitlist as rows
from common import outbox
from common.contracts.booking import Slot, WaitlistEvent, WaitlistOffered
from common.contracts.directory import Practitioner
from common.ids import new_id

PAGE = 50
"""How many entries are looked through at once: the first page answers for nearly every freed time."""


def freed(appointment: Appointment) -> Freed:
    """The time that an appointment gives back."""
    return Freed(appointment.practitioner_id, appointment.busy_from, appointment.busy_to)


async def offer_freed(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, times: Iterable[Freed]
) -> None:
    """Hold freed time for those who wait for it, in the transaction that frees it: nobody comes between.

    Each entry has one offer at a time; a slot is offered to one entry at a time.
    """
    for time in times:
        practitioner = catalogue.practitioners.get(time.practitioner_id)
        if practitioner is not None and time.ends_at > acting.now:
            await _offer_time(tx, acting, catalogue, practitioner, time)


async def _offer_time(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, practitioner: Practitioner, time: Freed
) -> None:
    """Go through those who may want it until none of it is free, or nobody is left."""
    services = set(practitioner.service_ids)
    free: dict[UUID, list[Slot]] = {}
    after: Entry | None = None
    while services and (page := await _page(tx, acting, practitioner, time, services, after)):
        for entry in page:
            if entry.service_id not in free:
                free[entry.service_id] = await _free_slots(tx, acting, catalogue, entry.service_id, time)
            if not free[entry.service_id]:
                services.discard(entry.service_id)
            elif await _offer_one_of(tx, acting, catalogue, entry, free[entry.service_id]):
                free.clear()
        after = page[-1]


async def _page(
    tx: AsyncConnection,
    acting: Acting,
    practitioner: Practitioner,
    time: Freed,
    services: Iterable[UUID],
    after: Entry | None,
) -> Sequence[Entry]:
    return await rows.waiting(
        tx,
        acting.network_id,
        service_ids=list(services),
        practitioner_id=practitioner.practitioner_id,
        branch_ids=list({rule.branch_id for rule in practitioner.working_hours}),
        first=time.starts_at.date() - timedelta(days=1),
        last=time.ends_at.date() + timedelta(days=1),
        now=acting.now,
        after=after,
        limit=PAGE,
    )


async def _free_slots(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, service_id: UUID, time: Freed
) -> list[Slot]:
    """What of the freed time can be booked, with whatever is free around it."""
    branch = next(iter(catalogue.branches.values()))
    search = Search(
        service=catalogue.service(service_id),
        practitioner_id=time.practitioner_id,
        first=local_date(time.starts_at, branch) - timedelta(days=1),
        days=(time.ends_at - time.starts_at).days + 3,
    )
    found = await slots.find(tx, catalogue, search, now=acting.now)
    return [one for one in found if one.starts_at < time.ends_at and one.ends_at > time.starts_at]


async def _offer_one_of(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, entry: Entry, found: Iterable[Slot]
) -> bool:
    """Offer the first that the entry wants and its patient can come to; False where there is none."""
    service = catalogue.service(entry.service_id)
    wanted = [one for one in found if rules.wants(entry, one, catalogue.branch(one.branch_id), service)]
    if not wanted or not await rows.lock_as_read(tx, entry):
        return False
    for slot in wanted:
        if await _offer(tx, acting, catalogue, entry, slot):
            return True
    return False


async def _offer(tx: AsyncConnection, acting: Acting, catalogue: Catalogue, entry: Entry, slot: Slot) -> bool:
    service = catalogue.service(entry.service_id)
    offered = rules.offer(entry, slot, new_id(), now=acting.now, lasts=acting.offer_lasts)
    assert offered.offer is not None
    price = service.price
    held = Appointment(
        network_id=acting.network_id,
        appointment_id=offered.offer.offer_id,
        version=0,
        status="held",
        patient_id=entry.patient_id,
        practitioner_id=slot.practitioner_id,
        branch_id=slot.branch_id,
        service_id=entry.service_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        buffer_before=service.buffer_before,
        buffer_after=service.buffer_after,
        source="desk",
        created_at=acting.now,
        held_until=offered.offer.expires_at + rules.GRACE,
        held_for=entry.entry_id,
        price=None if price is None else price.amount,
        currency="" if price is None else price.currency,
    )
    if await take_quietly(tx, catalogue, held) is None:
        return False
    await rows.change(tx, offered)
    await tell(tx, acting, offered, WaitlistOffered)
    return True


async def tell(tx: AsyncConnection, acting: Acting, entry: Entry, kind: type[WaitlistEvent]) -> None:
    """What became of an entry."""
    event = kind(
        network_id=acting.network_id, occurred_at=acting.now, version=entry.version, entry=entry.told()
    )
    await outbox.record(tx, event)
