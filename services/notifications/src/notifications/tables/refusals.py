"""When patients refused invitations, by whatever way: in words, by a key, by a link, at the desk."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.database import INSTANT
from notifications.tables.schema import metadata

refusals = sa.Table(
    "refusals", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("patient_id", UUID_COLUMN, primary_key=True),
    sa.Column("at", INSTANT, primary_key=True),
)  # fmt: skip


async def add(tx: AsyncConnection, network_id: str, patient_id: UUID, at: datetime) -> None:
    """Keep one. What is told again is the same."""
    row = {"network_id": network_id, "patient_id": patient_id, "at": at}
    await tx.execute(insert(refusals).values(row).on_conflict_do_nothing())


async def of_patients(
    tx: AsyncConnection, network_id: str, patient_ids: Collection[UUID], *, since: datetime
) -> list[tuple[UUID, datetime]]:
    """Who refused when."""
    query = sa.select(refusals.c.patient_id, refusals.c.at).where(
        refusals.c.network_id == network_id, refusals.c.patient_id.in_(patient_ids), refusals.c.at > since
    )
    return [(row.patient_id, row.at) for row in await tx.execute(query)]
