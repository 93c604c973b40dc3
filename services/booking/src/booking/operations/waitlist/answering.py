"""Filling freed slots from the waitlist: one offer at a time, each on a held slot, and one acceptance."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.taking import take_quietly, take_up
from booking.queries import slots
from booking.rules import appointment as appointment_rules
from booking.rules import telling
from booking.rules import waitlist as rules
from booking.rules.appointment import Appointment
from booking.rules.booking import local_date
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.refusals import HoldOver, OfferOver
from booking.rules.slots import Search
from booking.rules.waitlist import Entry, Freed
from booking.tables import appointments
from booking.tables import waitlist as rows
from common import outbox
from common.contracts.booking import (
    AcceptOffer,
    AppointmentRecord,
    DeclineOffer,
    JoinWaitlist,
    LeaveWaitlist,
    Slot,
    WaitlistEntry,
    WaitlistEvent,
    WaitlistFilled,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistOffered,
    WaitlistOfferEnded,
)
from common.errors import CommandReused, UnknownThing
from common.ids import new_id

CANDIDATES = 30
"""How many entries are tried for one freed time."""


async def join(tx: AsyncConnection, acting: Acting, command: JoinWaitlist) -> WaitlistEntry:
    """Wait for a slot to be freed."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    expect_may(acting.caller, "waitlist", branch_id=command.branch_id, patient_id=command.patient_id)
    branches = (
        [catalogue.branch(command.branch_id)]
        if command.branch_id is not None
        else list(catalogue.branches.values())
    )
    entry = Entry(
        network_id=acting.network_id,
        version=1,
        status="waiting",
        joined_at=acting.now,
        over_at=rules.over_at(command.to_date, branches),
        **command.model_dump(exclude={"command_id"}),
    )
    rules.check(entry, catalogue, now=acting.now)
    if not await rows.add(tx, entry):
        raise CommandReused("This entry id belongs to another entry")
    await _tell(tx, acting, entry, WaitlistJoined)
    return entry.told()


async def leave(tx: AsyncConnection, acting: Acting, command: LeaveWaitlist) -> WaitlistEntry:
    """Wait no longer; said twice, it is true once."""
    before = await rows.lock(tx, acting.network_id, command.entry_id)
    if before is None:
        raise UnknownThing("waitlist-entry", command.entry_id)
    expect_may(acting.caller, "waitlist", branch_id=before.branch_id, patient_id=before.patient_id)
    if before.status == "left":
        return before.told()
    after = rules.leave(before)
    await rows.change(tx, after)
    await _tell(tx, acting, after, WaitlistLeft)
    if before.offer is not None:
        await _pass_on(tx, acting, before.offer.offer_id)
    return after.told()


async def accept(tx: AsyncConnection, acting: Acting, command: AcceptOffer) -> AppointmentRecord:
    """Book what was offered, if it is still offered: whoever says yes later is told that it is over."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    entry, held = await _offered(tx, acting, command.offer_id)
    service = catalogue.service(held.service_id)
    if entry is not None and entry.status == "booked":
        return telling.record(held, service_kind=service.kind)
    if entry is None or entry.offer is None or entry.offer.expires_at <= acting.now:
        raise await _over(tx, acting, catalogue, held)
    try:
        booked = await take_up(tx, acting, held)
    except HoldOver as over:
        raise await _over(tx, acting, catalogue, held) from over
    filled = rules.fill(entry)
    await rows.change(tx, filled)
    await _tell(tx, acting, filled, WaitlistFilled)
    return telling.record(booked, service_kind=service.kind)


async def decline(tx: AsyncConnection, acting: Acting, command: DeclineOffer) -> WaitlistEntry:
    """Not this one: it goes to the next."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    entry, held = await _offered(tx, acting, command.offer_id)
    if entry is None or entry.offer is None or entry.offer.expires_at <= acting.now:
        raise await _over(tx, acting, catalogue, held)
    return (await _end_offer(tx, acting, entry, "declined")).told()


async def due(tx: AsyncConnection, acting: Acting, entry_id: UUID) -> None:
    """What happens by itself: an offer runs out and goes to the next, or an entry's days are over."""
    entry = await rows.lock(tx, acting.network_id, entry_id)
    if entry is None or entry.due_at is None or entry.due_at > acting.now:
        return
    if entry.status == "offered":
        entry = await _end_offer(tx, acting, entry, "expired")
    if entry.status == "waiting" and entry.over_at <= acting.now:
        over = rules.leave(entry, "over")
        await rows.change(tx, over)
        await _tell(tx, acting, over, WaitlistLeft)


def freed(appointment: Appointment) -> Freed:
    """The time that an appointment gives back."""
    return Freed(appointment.practitioner_id, appointment.busy_from, appointment.busy_to)


async def offer_freed(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, times: Iterable[Freed]
) -> None:
    """Hold freed time for those who wait for it, in the transaction that frees it: nobody comes between.

    Each entry has one offer at a time; a slot is offered to one entry at a time.
    """
    for freed_time in times:
        practitioner = catalogue.practitioners.get(freed_time.practitioner_id)
        if practitioner is None or freed_time.ends_at <= acting.now:
            continue
        exhausted: set[tuple[UUID, UUID | None]] = set()
        for entry in await rows.waiting(
            tx,
            acting.network_id,
            service_ids=practitioner.service_ids,
            practitioner_id=practitioner.practitioner_id,
            first=freed_time.starts_at.date() - timedelta(days=1),
            last=freed_time.ends_at.date() + timedelta(days=1),
            limit=CANDIDATES,
        ):
            wish = (entry.service_id, entry.branch_id)
            if wish in exhausted or entry.over_at <= acting.now:
                continue
            found = await _free_slots(tx, acting, catalogue, entry, freed_time)
            if not found:
                exhausted.add(wish)
            for slot in found:
                branch = catalogue.branch(slot.branch_id)
                service = catalogue.service(entry.service_id)
                if rules.wants(entry, slot, branch, freed_time, service) and await _offer(
                    tx, acting, catalogue, entry, slot
                ):
                    break


async def _free_slots(
    tx: AsyncConnection, acting: Acting, catalogue: Catalogue, entry: Entry, freed_time: Freed
) -> list[Slot]:
    """What of the freed time can be booked, with whatever is free around it."""
    branch = next(iter(catalogue.branches.values()))
    first = local_date(freed_time.starts_at, branch) - timedelta(days=1)
    search = Search(
        service=catalogue.service(entry.service_id),
        branch_id=entry.branch_id,
        practitioner_id=freed_time.practitioner_id,
        first=first,
        days=(freed_time.ends_at - freed_time.starts_at).days + 3,
    )
    found = await slots.find(tx, catalogue, search, now=acting.now)
    return [one for one in found if one.starts_at < freed_time.ends_at and one.ends_at > freed_time.starts_at]


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
    await _tell(tx, acting, offered, WaitlistOffered)
    return True


async def _offered(tx: AsyncConnection, acting: Acting, offer_id: UUID) -> tuple[Entry | None, Appointment]:
    """The entry that has or had accepted this offer, and its held slot, both locked."""
    entry = await rows.lock_by_offer(tx, acting.network_id, offer_id)
    held = await appointments.lock(tx, acting.network_id, offer_id, kind="offer")
    if held.held_for is None:
        raise UnknownThing("offer", offer_id)
    expect_may(acting.caller, "waitlist", branch_id=held.branch_id, patient_id=held.patient_id)
    return entry, held


async def _over(tx: AsyncConnection, acting: Acting, catalogue: Catalogue, held: Appointment) -> OfferOver:
    search = Search(catalogue.service(held.service_id), branch_id=held.branch_id, days=14)
    found = await slots.find(tx, catalogue, search, now=acting.now)
    return OfferOver("This offer is over", alternatives=[slot.model_dump(mode="json") for slot in found[:6]])


async def _end_offer(tx: AsyncConnection, acting: Acting, entry: Entry, why: str) -> Entry:
    assert entry.offer is not None
    after = rules.wait_on(entry)
    await rows.change(tx, after)
    event = WaitlistOfferEnded.model_validate(
        {
            "network_id": acting.network_id,
            "occurred_at": acting.now,
            "version": after.version,
            "entry": after.told(),
            "offer": entry.offer,
            "why": why,
        }
    )
    await outbox.record(tx, event)
    await _pass_on(tx, acting, entry.offer.offer_id)
    return after


async def _pass_on(tx: AsyncConnection, acting: Acting, offer_id: UUID) -> None:
    """Give a held slot to the next who waits for it."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    held = await appointments.lock(tx, acting.network_id, offer_id)
    if held.status == "held":
        await appointments.change(tx, appointment_rules.release(held))
        await offer_freed(tx, acting, catalogue, [freed(held)])


async def _tell(tx: AsyncConnection, acting: Acting, entry: Entry, kind: type[WaitlistEvent]) -> None:
    event = kind(
        network_id=acting.network_id, occurred_at=acting.now, version=entry.version, entry=entry.told()
    )
    await outbox.record(tx, event)
