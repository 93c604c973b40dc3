"""Which networks there are."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import Network


async def keep_network(tx: AsyncConnection, network: Network, version: int) -> None:
    """Remember that a network exists; an older version changes nothing."""
    await tx.execute(
        _KEEP_NETWORK,
        {"network": network.network_id, "version": version, "body": network.model_dump_json()},
    )


async def networks(tx: AsyncConnection) -> list[Network]:
    """Every network, by its slug."""
    rows = await tx.execute(sa.text("SELECT body FROM networks ORDER BY network_id"))
    return [Network.model_validate(row.body) for row in rows]


_KEEP_NETWORK = sa.text(
    "INSERT INTO networks (network_id, version, body) VALUES (:network, :version, CAST(:body AS jsonb))"
    " ON CONFLICT (network_id) DO UPDATE SET version = excluded.version, body = excluded.body"
    " WHERE networks.version < excluded.version"
)
