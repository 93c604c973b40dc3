"""How an offer ends without a yes: its slot goes on to the next, or is gone, and the entry waits for another."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting
from booking.operations.waitlist.offering import freed, offer_freed
from booking.rules import appointment as appointment_rules
from booking.rules import waitlist as rules
from booking.rules.appointment import Appointment
from booking.rules.waitlist import Entry
from booking.tables import appointments
from booking.tables import waitlist as rows
from common import outbox
from common.contracts.booking import OfferEnd, WaitlistOffer, WaitlistOfferEnded


async def end_offer(tx: AsyncConnection, acting: Acting, entry: Entry, why: OfferEnd) -> Entry:
    """Declined or run out: it goes to the next in the same step."""
    assert entry.offer is not None
    after = rules.wait_on(entry)
    await rows.change(tx, after)
    await _tell_of_end(tx, acting, after, entry.offer, why)
    await pass_on(tx, acting, entry.offer.offer_id)
    return after


async def lose(tx: AsyncConnection, acting: Acting, held: Appointment) -> bool:
    """The clinic has taken a held time for itself: no offer stands without its slot. False where none stood on it."""
    entry = await rows.lock_by_offer(tx, acting.network_id, held.appointment_id)
    if entry is None or entry.offer is None:
        return False
    after = rules.lose(entry)
    await rows.change(tx, after)
    await _tell_of_end(tx, acting, after, entry.offer, "lost")
    return True


async def pass_on(tx: AsyncConnection, acting: Acting, offer_id: UUID) -> None:
    """Give a held slot to the next who waits for it."""
    catalogue = await acting.directories.current(tx, acting.network_id)
    held = await appointments.lock(tx, acting.network_id, offer_id)
    if held.status == "held":
        await appointments.change(tx, appointment_rules.release(held))
        await offer_freed(tx, acting, catalogue, [freed(held)])


async def _tell_of_end(
    tx: AsyncConnection, acting: Acting, entry: Entry, offer: WaitlistOffer, why: OfferEnd
) -> None:
    event = WaitlistOfferEnded(
        network_id=acting.network_id,
        occurred_at=acting.now,
        version=entry.version,
        entry=entry.told(),
        offer=offer,
        why=why,
    )
    await outbox.record(tx, event)
