"""Due work: holds that have run out, and offers to the waitlist."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from booking.handlers import Parts
from booking.operations import holds, waitlist
from common.caller import system
from common.due import DueLoop, DueTable


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
        _pass_on(parts),
        follows_commits=False,
    )


def _expire(parts: Parts) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        async with parts.database.transaction(network_id) as tx:
            await holds.expire(tx, parts.acting(system("booking", network_id)), ids)

    return work


def _pass_on(parts: Parts) -> Callable[[str, Sequence[UUID]], Awaitable[None]]:
    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        acting = parts.acting(system("booking", network_id))
        for entry_id in ids:
            async with parts.database.transaction(network_id) as tx:
                await waitlist.due(tx, acting, entry_id)

    return work
