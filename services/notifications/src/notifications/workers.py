"""Due work: messages to send, webhooks to work off, chains to be made anew, conversations to go on with."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from common.clock import Clock
from common.contracts.notifications import MessageClass
from common.database import Database
from common.due import DueLoop, DueTable
from notifications.operations.beside import look_up_due
from notifications.operations.conversations.forgetting import forget_idle
from notifications.operations.conversations.saying import say_due
from notifications.operations.parts import Parts
from notifications.operations.renewing import make_chains_anew
from notifications.operations.sending import send_due
from notifications.operations.webhooks import work_off
from notifications.tables.messages import LANES

LEASE_SECONDS = 30
"""Whoever works renews it, however slow its providers are; whoever has not for this long has died."""
BATCH = 250
"""Messages that are decided about, written and recorded together; what owners are asked about them is one question."""
AT_ONCE: Mapping[MessageClass, int] = {"immediate": 2, "service": 2, "marketing": 1}
"""Batches in hand at the same time, by lane: while one waits for owners or providers, another works. Each lane has
places of its own, so that what a campaign is due never stands in the way of reminders, nor those of answers."""


def loops(
    parts: Parts, database: Database, clock: Clock, *, lease_seconds: float = LEASE_SECONDS
) -> list[DueLoop]:
    """The loops of this service; what commits new work wakes them."""

    async def send(network_id: str, ids: Sequence[UUID]) -> None:
        await send_due(parts, network_id, ids)

    async def look_up(network_id: str, ids: Sequence[UUID]) -> None:
        await look_up_due(parts, network_id, ids)

    async def understand(network_id: str, ids: Sequence[UUID]) -> None:
        await work_off(parts, network_id, ids)

    async def plan_anew(network_id: str, ids: Sequence[UUID]) -> None:
        await make_chains_anew(parts, network_id, ids)

    async def say(network_id: str, ids: Sequence[UUID]) -> None:
        await say_due(parts, network_id, ids)

    async def forget(network_id: str, ids: Sequence[UUID]) -> None:
        await forget_idle(parts, network_id, ids)

    sending = [
        DueLoop(
            f"send-{lane}", DueTable("messages", "message_id", only=f"lane = {number}"), database, clock, send,
            batch=BATCH, at_once=AT_ONCE[lane], lease_seconds=lease_seconds, follows_commits=False,
        )
        for lane, number in LANES.items()
    ]  # fmt: skip
    looking_up = DueLoop(
        "look-up", DueTable("look_ups", "attempt_id"), database, clock, look_up, batch=20,
        lease_seconds=lease_seconds, follows_commits=False,
    )  # fmt: skip
    webhooks = DueLoop(
        "webhooks", DueTable("webhooks", "webhook_id"), database, clock, understand, batch=100,
        lease_seconds=lease_seconds, follows_commits=False,
    )  # fmt: skip
    replanning = DueLoop(
        "plan-anew", DueTable("appointments", "appointment_id"), database, clock, plan_anew, batch=50,
        lease_seconds=lease_seconds, follows_commits=False,
    )  # fmt: skip
    saying = DueLoop(
        "say", DueTable("utterances", "utterance_id", order="due_at, seq"), database, clock, say, batch=100,
        lease_seconds=lease_seconds, follows_commits=False,
    )  # fmt: skip
    forgetting = DueLoop(
        "forget", DueTable("threads", "thread_id"), database, clock, forget, batch=100,
        lease_seconds=lease_seconds, follows_commits=False,
    )  # fmt: skip

    def wake_sending() -> None:
        for loop in sending:
            loop.wake()

    parts.wakes.sending = wake_sending
    parts.wakes.webhooks = webhooks.wake
    parts.wakes.replanning = replanning.wake
    parts.wakes.saying = saying.wake
    return [*sending, looking_up, webhooks, replanning, saying, forgetting]
