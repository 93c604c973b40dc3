"""Attempts of which nobody knows, of messages that another channel has: nothing waits for them, so they have look-ups
of their own. They end as what they were, or stay unknown: nothing is sent in their place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.channels import Adapter, Outcome, Unsure
from notifications.operations import deciding, settling
from notifications.operations.batch import Batch
from notifications.operations.budgets import budget_end
from notifications.operations.changes import LOOK_UP_AFTER, Sending
from notifications.operations.parts import Parts
from notifications.rules.values import Verdict
from notifications.tables import attempts as attempt_rows
from notifications.tables import look_ups
from notifications.tables import messages as message_rows
from notifications.tables.attempts import Attempt


async def plan(
    tx: AsyncConnection, parts: Parts, network_id: str, outcomes: Sequence[tuple[Sending, Outcome | Verdict]],
    *, now: datetime,
) -> None:  # fmt: skip
    """Look up what has become of these, where their step goes out by every channel and their provider can tell."""
    unsure = [
        sending.attempt.attempt_id
        for sending, outcome in outcomes
        if isinstance(outcome, Unsure)
        and sending.message.mode == "all"
        and _can_tell(parts.adapters[sending.attempt.channel])
    ]
    await look_ups.plan(tx, network_id, unsure, now + LOOK_UP_AFTER)


def _can_tell(adapter: Adapter) -> bool:
    return adapter.looks_up or adapter.repeatable


async def look_up_due(parts: Parts, network_id: str, ids: Sequence[UUID]) -> None:
    """Work off one claimed batch. What is still unknown is asked about again until the step's time is over."""
    now = parts.clock.now()
    batch, unsure = await _read(parts, network_id, ids)
    for attempt in unsure:
        message = batch.messages[attempt.message_id]
        if message.outcome in settling.ELSEWHERE:  # else it waits for this one, and is settled as due
            await settling.settle_unknown(parts, batch, message, attempt, now)
    async with parts.database.transaction(network_id) as tx:
        again = [
            one.attempt_id
            for one in await _unknown(tx, network_id, [one.attempt_id for one in unsure])
            if budget_end(batch.messages[one.message_id], one.at) > now
        ]
        await look_ups.plan(tx, network_id, again, now + LOOK_UP_AFTER)
        await look_ups.end(tx, network_id, [one for one in ids if one not in again])


async def _read(parts: Parts, network_id: str, ids: Sequence[UUID]) -> tuple[Batch, list[Attempt]]:
    async with parts.database.transaction(network_id) as tx:
        unsure = await _unknown(tx, network_id, ids)
        messages = await message_rows.of_ids(tx, network_id, list({one.message_id for one in unsure}))
        tried = await attempt_rows.of_messages(tx, network_id, list(messages))
        around = await deciding.surroundings(tx, network_id, list(messages.values()))
    return Batch(network_id, messages, tried, around), unsure


async def _unknown(tx: AsyncConnection, network_id: str, ids: Sequence[UUID]) -> list[Attempt]:
    found = await attempt_rows.of_references(tx, network_id, ids, [])
    return [one for one in found if one.outcome == "unknown"]
