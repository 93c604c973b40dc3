"""How sending stands: brakes, limits of providers, and what should have gone out and has not."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import (
    BlockedMessages,
    BrakeView,
    DescribeSending,
    ProviderLimit,
    SendingState,
)
from notifications.tables import limits
from notifications.tables.schema import brakes, messages

OVERDUE_AFTER = timedelta(minutes=2)
"""Due messages are claimed within seconds: what has waited for longer could not be decided."""


async def sending(
    tx: AsyncConnection, query: DescribeSending, network_id: str, *, now: datetime
) -> SendingState:
    """The brakes by when they were put on, the limits that still hold, and what waits, soonest first."""
    paused = await _brakes(tx, network_id)
    held = [
        ProviderLimit(channel=channel, until=one.until, strikes=one.strikes)
        for channel, one in (await limits.of_network(tx, network_id)).items()
        if one.until > now
    ]
    wholly = {one.template or "" for one in paused if one.channel is None}
    waits = _why(wholly, {one.until for one in held}, now=now, soon=now + timedelta(hours=query.hours))
    return SendingState(brakes=paused, limits=held, blocked=await _blocked(tx, network_id, waits))


async def _brakes(tx: AsyncConnection, network_id: str) -> list[BrakeView]:
    wanted = sa.select(brakes).where(brakes.c.network_id == network_id).order_by(brakes.c.paused_at)
    return [
        BrakeView(
            channel=row.channel or None, template=row.template or None, paused_at=row.paused_at,
            paused_by=row.paused_by,
        )
        for row in await tx.execute(wanted)
    ]  # fmt: skip


def _why(wholly: Collection[str], untils: Collection[datetime], *, now: datetime, soon: datetime) -> Any:
    """What keeps a planned message, or NULL: it is paused, or will be when it comes due; its provider is."""
    braked = sa.true() if "" in wholly else messages.c.template.in_(wholly)
    return sa.case(
        (messages.c.paused, "paused"),
        (messages.c.due_at > soon, None),
        (braked, "paused"),
        (sa.or_(messages.c.reason == "rate-limited", messages.c.due_at.in_(untils)), "provider-busy"),
        (messages.c.reason == "not-reached", "not-reached"),
        (messages.c.due_at < now - OVERDUE_AFTER, "overdue"),
    )


async def _blocked(tx: AsyncConnection, network_id: str, why: Any) -> list[BlockedMessages]:
    first = sa.func.min(messages.c.target_at)
    wanted = (
        sa.select(why.label("why"), messages.c.template, sa.func.count(), first)
        .where(
            messages.c.network_id == network_id,
            messages.c.outcome == "planned",
            sa.or_(messages.c.paused, messages.c.due_at.is_not(None)),
            why.is_not(None),
        )
        .group_by("why", messages.c.template)
        .order_by(first, messages.c.template)
    )
    return [
        BlockedMessages(why=kept, template=template, count=count, first_at=first_at)
        for kept, template, count, first_at in await tx.execute(wanted)
    ]
