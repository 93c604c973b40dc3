"""Due work: holds that have run out, offers to the waitlist, referrals that nobody booked."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.handlers import Parts
from booking.operations import holds, referrals, waitlist
from booking.operations.acting import Acting
from common.caller import system
from common.due import DueLoop, DueTable

Due = Callable[[AsyncConnection, Acting, UUID], Awaitable[None]]


def expire_holds(parts: Parts) -> DueLoop:
    """Frees held times when their moment has come, and asks staff to call displaced patients without an answer."""
    return DueLoop(
        "expire-holds",
        DueTable("appointments", "appointment_id"),
        parts.database,
        parts.clock,
        _expire(parts),
        follows_commits=False,  # a hold is never due at once, and bookings are many
    )


def pass_on_offers(parts: Parts) -> DueLoop:
    """Gives what was offered and not accepted to the next of the waitlist."""
    return DueLoop(
        "pass-on-offers",
        DueTable("waitlist", "entry_id"),
        parts.database,
        parts.clock,
        _one_by_one(parts, waitlist.due),
        follows_commits=False,
    )


def expire_referrals(parts: Parts) -> DueLoop:
    """Ends referrals that nobody booked in their time, and asks staff to call."""
    return DueLoop(
        "expire-referrals",
        DueTable("referrals", "referral_id"),
        parts.database,
        parts.clock,
        _one_by_one(parts, referrals.due),
        follows_commits=False,
    )


def _expire(parts: Parts) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        async with parts.database.transaction(network_id) as tx:
            await holds.expire(tx, parts.acting(system("booking", network_id)), ids)

    return work


def _one_by_one(parts: Parts, due: Due) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    """Each in a transaction of its own."""

    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        acting = parts.acting(system("booking", network_id))
        for one in ids:
            async with parts.database.transaction(network_id) as tx:
                await due(tx, acting, one)

    return work
