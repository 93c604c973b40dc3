"""Rows of limits: which channels of a network wait because their provider has had enough."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.patient_profile import Channel
from common.database import INSTANT
from notifications.rules.limits import Limit
from notifications.tables.schema import metadata

limits = sa.Table(
    "limits", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("until", INSTANT, nullable=False),
    sa.Column("strikes", sa.Integer, nullable=False),
)  # fmt: skip


async def of_network(tx: AsyncConnection, network_id: str, *, lock: bool = False) -> Mapping[Channel, Limit]:
    """A network's limits, those that are over among them: they count until something is accepted again."""
    query = sa.select(limits.c.channel, limits.c.until, limits.c.strikes).where(
        limits.c.network_id == network_id
    )
    rows = await tx.execute(query.with_for_update() if lock else query)
    return {row.channel: Limit(row.until, row.strikes) for row in rows}


async def put(tx: AsyncConnection, network_id: str, channel: Channel, limit: Limit) -> None:
    """Of two replicas that were refused at once, the longer pause stands."""
    row = {"network_id": network_id, "channel": channel, "until": limit.until, "strikes": limit.strikes}
    statement = insert(limits).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["network_id", "channel"],
            set_={
                "until": sa.func.greatest(limits.c.until, statement.excluded.until),
                "strikes": statement.excluded.strikes,
            },
        )
    )


async def drop(tx: AsyncConnection, network_id: str, channel: Channel) -> None:
    """The provider takes messages again."""
    await tx.execute(sa.delete(limits).where(limits.c.network_id == network_id, limits.c.channel == channel))
