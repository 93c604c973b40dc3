"""Keys of machines."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.database import Database
from common.errors import UnknownThing
from gateway import tables
from gateway.rules import accounts as rules


async def create_api_key(
    database: Database,
    secret: bytes,
    network_id: str,
    api_key_id: UUID,
    *,
    name: str,
    roles: Sequence[str],
    by: str,
    now: datetime,
) -> str:
    """A key, which is shown once. It follows from its id, so that a repeated request shows the same one."""
    mac = hmac.new(secret, b"api-key:" + api_key_id.bytes, hashlib.sha256).hexdigest()
    key = f"k.{network_id}.{mac}"
    async with database.transaction(network_id) as tx:
        await tables.insert_api_key(
            tx, network_id, api_key_id, key_hash=rules.token_hash(key), name=name, roles=roles, by=by, now=now
        )
    return key


async def revoke_api_key(database: Database, network_id: str, api_key_id: UUID, *, now: datetime) -> None:
    """It opens nothing any more."""
    async with database.transaction(network_id) as tx:
        if not await tables.revoke_api_key(tx, network_id, api_key_id, now):
            raise UnknownThing("api-key", api_key_id)
