"""What a network and its branches say about contacting their patients: every version, the newest in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import Policy
from common.database import INSTANT
from notifications.tables.schema import metadata

NETWORK = ""
"""The scope of the whole network; a branch's is its id."""

policies = sa.Table(
    "policies", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("changed_at", INSTANT, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """One version of one scope's policy."""

    scope: str
    version: int
    policy: Policy
    changed_at: datetime
    changed_by: str


async def in_force(tx: AsyncConnection, network_id: str) -> Mapping[str, Stored]:
    """The newest version of every scope, the network's first."""
    return {
        row.scope: Stored(
            row.scope, row.version, Policy.model_validate(row.body), row.changed_at, row.changed_by
        )
        for row in await tx.execute(_IN_FORCE, {"network": network_id})
    }


_IN_FORCE = (
    sa.select(
        policies.c.scope, policies.c.version, policies.c.body, policies.c.changed_at, policies.c.changed_by
    )
    .where(policies.c.network_id == sa.bindparam("network"))
    .ext(distinct_on(policies.c.scope))
    .order_by(policies.c.scope, policies.c.version.desc())
)  # fmt: skip


async def add(tx: AsyncConnection, network_id: str, stored: Stored) -> None:
    """Write the next version. Two that write the same one are told apart by the key."""
    await tx.execute(
        sa.insert(policies),
        {
            "network_id": network_id, "scope": stored.scope, "version": stored.version,
            "body": stored.policy.model_dump(mode="json"), "changed_at": stored.changed_at,
            "changed_by": stored.changed_by,
        },
    )  # fmt: skip


async def take_turn(tx: AsyncConnection, network_id: str) -> None:
    """One change of a network's policies at a time."""
    await tx.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"),
        {"turn": f"policies/{network_id}"},
    )
