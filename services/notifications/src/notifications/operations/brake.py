"""The brake on sending: by channel, by template, or altogether."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.caller import Caller
from common.contracts.notifications import BrakeState, PauseSending, ResumeSending
from notifications.tables.schema import brakes, messages


async def pause(tx: AsyncConnection, command: PauseSending, caller: Caller, *, now: datetime) -> BrakeState:
    """What is paused waits; it is not lost."""
    row = {
        "network_id": caller.network_id,
        "channel": command.channel or "",
        "template": command.template or "",
        "paused_at": now,
        "paused_by": caller.actor,
    }
    await tx.execute(insert(brakes).values(row).on_conflict_do_nothing())
    return await state(tx, caller.network_id)


async def resume(tx: AsyncConnection, command: ResumeSending, caller: Caller, *, now: datetime) -> BrakeState:
    """What stood still is decided again, by the rules of this moment."""
    network_id = caller.network_id
    await tx.execute(
        sa.delete(brakes).where(
            brakes.c.network_id == network_id,
            brakes.c.channel == (command.channel or ""),
            brakes.c.template == (command.template or ""),
        )
    )
    await tx.execute(
        sa.update(messages)
        .where(messages.c.network_id == network_id, messages.c.paused, messages.c.outcome == "planned")
        .values(paused=False, reason=None, due_at=now, leased_until=None)
    )
    return await state(tx, network_id)


async def state(tx: AsyncConnection, network_id: str) -> BrakeState:
    """What stands still."""
    query = (
        sa.select(brakes.c.channel, brakes.c.template)
        .where(brakes.c.network_id == network_id)
        .order_by(brakes.c.channel, brakes.c.template)
    )
    rows: Any = await tx.execute(query)
    return BrakeState(
        paused=[{"channel": row.channel or None, "template": row.template or None} for row in rows]
    )
