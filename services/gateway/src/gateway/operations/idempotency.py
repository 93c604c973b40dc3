"""The memory of idempotency keys: the ids a request minted, before any command, and never an answer."""

import hashlib
import hmac

from common.database import Database
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
    if await database.statements.rows(tables.REMEMBER_KEY, {**identity, "mac": mac, "minted": fresh}):
        return Minted(fresh)
    async with database.transaction(network_id) as tx:
        known = (await tx.execute(tables.KNOWN_KEY, identity)).one()
    if not hmac.compare_digest(known.body_mac, mac):
        raise IdempotencyKeyReused("This Idempotency-Key was used with another body")
    return Minted(known.minted)
