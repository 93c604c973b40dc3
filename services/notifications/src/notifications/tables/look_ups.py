"""Rows of look_ups: attempts of which nobody knows, to be found out beside a message that another channel has."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.database import INSTANT
from notifications.tables.schema import metadata

look_ups = sa.Table(
    "look_ups", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("attempt_id", UUID_COLUMN, primary_key=True),
    sa.Column("due_at", INSTANT, nullable=False),
    sa.Column("leased_until", INSTANT),
    sa.ForeignKeyConstraint(
        ["network_id", "attempt_id"], ["attempts.network_id", "attempts.attempt_id"], ondelete="CASCADE",
        name="look_up_of_attempt",
    ),
    sa.Index("look_ups_due", "due_at"),
)  # fmt: skip


async def plan(tx: AsyncConnection, network_id: str, attempt_ids: Sequence[UUID], due_at: datetime) -> None:
    """Look these up then, instead of when they were to be looked up before."""
    if not attempt_ids:
        return
    rows = [
        {"network_id": network_id, "attempt_id": one, "due_at": due_at, "leased_until": None}
        for one in attempt_ids
    ]
    statement = insert(look_ups).values(rows)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["network_id", "attempt_id"],
            set_={"due_at": statement.excluded.due_at, "leased_until": None},
        )
    )


async def end(tx: AsyncConnection, network_id: str, attempt_ids: Sequence[UUID]) -> None:
    """Nothing more can be found out about these."""
    if attempt_ids:
        await tx.execute(
            sa.delete(look_ups).where(
                look_ups.c.network_id == network_id, look_ups.c.attempt_id.in_(attempt_ids)
            )
        )
