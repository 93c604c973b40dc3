"""The memory of idempotency keys: the ids a request minted, before any command, and never an answer."""

import hashlib
import hmac
from uuid import UUID

from common.database import Database, lost_connection
from common.errors import Unavailable
from common.ids import new_id
from gateway import tables
from gateway.rules.minted import IdempotencyKeyReused, Minted


async def mint(
    database: Database,
    secret: bytes,
    *,
    network_id: str,
    principal: str,
    route: str,
    key: str | None,
    content: bytes,
) -> Minted:
    """Ids for one request; the same ones for the same key. Raises `IdempotencyKeyReused` for another content."""
    fresh = new_id()
    if key is None:
        return Minted(fresh)
    mac = hmac.new(secret, content, hashlib.sha256).digest()
    identity = {"network": network_id, "principal": principal, "route": route, "key": key}
    if await _remember(database, identity, mac, fresh):
        return Minted(fresh)
    async with database.transaction(network_id) as tx:
        known = (await tx.execute(tables.KNOWN_KEY, identity)).one()
    if not hmac.compare_digest(known.body_mac, mac):
        raise IdempotencyKeyReused("This Idempotency-Key was used with another body")
    return Minted(known.minted)


async def _remember(database: Database, identity: dict[str, str], mac: bytes, fresh: UUID) -> bool:
    try:
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            written = await connection.execute(tables.REMEMBER_KEY, {**identity, "mac": mac, "minted": fresh})
            return written.one_or_none() is not None
    except Exception as error:
        if lost_connection(error):
            raise Unavailable("database", "connection lost") from error
        raise
