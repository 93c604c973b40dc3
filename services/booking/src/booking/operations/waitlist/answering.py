"""Who joins and leaves the waitlist, what they answer to an offer, and what happens where they do not."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.taking import take_up
from booking.operations.waitlist.ending import end_offer, pass_on
from booking.operations.waitlist.offering import tell
from booking.queries import slots
from booking.rules import telling
from booking.rules import waitlist as rules
from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from booking.rules.permissions import expect_may
from booking.rules.refusals import HoldOver, OfferOver
from booking.rules.slots import Search
from booking.rules.waitlist import Entry
from booking.tables import appointments
from booking.tables import waitlist as rows
from common.contracts.booking import (
    AcceptOffer,
    AppointmentRecord,
    DeclineOffer,
    JoinWaitlist,
    LeaveWaitlist,
    WaitlistEntry,
    WaitlistFilled,
    WaitlistJoined,
    WaitlistLeft,
)
from common.errors import CommandReused, UnknownThing


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
    await tell(tx, acting, entry, WaitlistJoined)
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
    await tell(tx, acting, after, WaitlistLeft)
    if before.offer is not None:
        await pass_on(tx, acting, before.offer.offer_id)
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
        booked = await take_up(tx, acting, replace(held, source=command.source or held.source))
    except HoldOver as over:
        raise await _over(tx, acting, catalogue, held) from over
    filled = rules.fill(entry)
    await rows.change(tx, filled)
    await tell(tx, acting, filled, WaitlistFilled)
    return telling.record(booked, service_kind=service.kind)


async def decline(tx: AsyncConnection, acting: Acting, command: DeclineOffer) -> WaitlistEntry:
    """Not this one: it goes to the next."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    entry, held = await _offered(tx, acting, command.offer_id)
    if entry is None or entry.offer is None or entry.offer.expires_at <= acting.now:
        raise await _over(tx, acting, catalogue, held)
    return (await end_offer(tx, acting, entry, "declined")).told()


async def due(tx: AsyncConnection, acting: Acting, entry_id: UUID) -> None:
    """What happens by itself: an offer runs out and goes to the next, or an entry's days are over."""
    entry = await rows.lock(tx, acting.network_id, entry_id)
    if entry is None or entry.due_at is None or entry.due_at > acting.now:
        return
    if entry.status == "offered":
        entry = await end_offer(tx, acting, entry, "expired")
    if entry.status == "waiting" and entry.over_at <= acting.now:
        over = rules.leave(entry, "over")
        await rows.change(tx, over)
        await tell(tx, acting, over, WaitlistLeft)


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
