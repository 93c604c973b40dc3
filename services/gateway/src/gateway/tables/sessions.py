"""Log-ins, failed ones too, and the keys of machines."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.rules.accounts import Session


async def insert_session(
    tx: AsyncConnection, network_id: str, token_hash: str, staff_id: UUID, *, now: datetime
) -> None:
    """A log-in."""
    values = {"network": network_id, "hash": token_hash, "staff": staff_id, "now": now}
    await tx.execute(_INSERT_SESSION, values)


async def session(tx: AsyncConnection, network_id: str, token_hash: str) -> Session | None:
    """The session of a token, while its account is active."""
    row = (await tx.execute(_SESSION, {"network": network_id, "hash": token_hash})).one_or_none()
    if row is None:
        return None
    return Session(
        network_id=network_id,
        staff_id=row.staff_id,
        roles=tuple(row.roles),
        branch_ids=tuple(str(one) for one in row.branch_ids),
        practitioner_id=row.practitioner_id,
        practitioner_ids=tuple(row.practitioner_ids),
        display_name=row.display_name,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


async def touch_session(tx: AsyncConnection, network_id: str, token_hash: str, now: datetime) -> None:
    """It was used."""
    await tx.execute(_TOUCH_SESSION, {"network": network_id, "hash": token_hash, "now": now})


async def delete_session(tx: AsyncConnection, network_id: str, token_hash: str) -> None:
    """Logged out."""
    await tx.execute(_DELETE_SESSION, {"network": network_id, "hash": token_hash})


async def delete_sessions_of(tx: AsyncConnection, network_id: str, staff_id: UUID) -> None:
    """Logged out everywhere."""
    await tx.execute(_DELETE_SESSIONS_OF, {"network": network_id, "staff": staff_id})


async def insert_api_key(
    tx: AsyncConnection,
    network_id: str,
    api_key_id: UUID,
    *,
    key_hash: str,
    name: str,
    roles: Sequence[str],
    by: str,
    now: datetime,
) -> bool:
    """A key of a machine; False where this id exists already."""
    done = await tx.execute(
        _INSERT_API_KEY,
        {
            "network": network_id, "id": api_key_id, "hash": key_hash, "name": name, "roles": list(roles),
            "by": by, "now": now,
        },
    )  # fmt: skip
    return done.rowcount == 1


async def api_key(tx: AsyncConnection, network_id: str, key_hash: str) -> tuple[UUID, tuple[str, ...]] | None:
    """The id and roles of a key that was not revoked."""
    row = (await tx.execute(_API_KEY, {"network": network_id, "hash": key_hash})).one_or_none()
    return None if row is None else (row.api_key_id, tuple(row.roles))


async def revoke_api_key(tx: AsyncConnection, network_id: str, api_key_id: UUID, now: datetime) -> bool:
    """It opens nothing any more; False where there is no such key."""
    done = await tx.execute(_REVOKE_API_KEY, {"network": network_id, "id": api_key_id, "now": now})
    return done.rowcount == 1


async def record_failure(tx: AsyncConnection, identities: Sequence[str], at: datetime) -> None:
    """A log-in failed, for this account and from this address."""
    await tx.execute(_RECORD_FAILURE, [{"identity": identity, "at": at} for identity in identities])


async def failures(tx: AsyncConnection, identity: str, since: datetime) -> int:
    """How many log-ins failed since then."""
    return int((await tx.execute(_FAILURES, {"identity": identity, "since": since})).scalar_one())


_INSERT_SESSION = sa.text(
    "INSERT INTO sessions (network_id, token_hash, staff_id, created_at, last_seen_at)"
    " VALUES (:network, :hash, :staff, :now, :now)"
)
_SESSION = sa.text(
    "SELECT s.staff_id, s.created_at, s.last_seen_at, a.roles, a.branch_ids, a.practitioner_id,"
    " a.practitioner_ids, a.display_name"
    " FROM sessions s JOIN staff a USING (network_id, staff_id)"
    " WHERE s.network_id = :network AND s.token_hash = :hash AND a.active"
)
_TOUCH_SESSION = sa.text(
    "UPDATE sessions SET last_seen_at = greatest(last_seen_at, :now)"
    " WHERE network_id = :network AND token_hash = :hash"
)
_DELETE_SESSION = sa.text("DELETE FROM sessions WHERE network_id = :network AND token_hash = :hash")
_DELETE_SESSIONS_OF = sa.text("DELETE FROM sessions WHERE network_id = :network AND staff_id = :staff")
_INSERT_API_KEY = sa.text(
    "INSERT INTO api_keys (network_id, api_key_id, key_hash, name, roles, created_by, created_at)"
    " VALUES (:network, :id, :hash, :name, :roles, :by, :now) ON CONFLICT DO NOTHING"
)
_API_KEY = sa.text(
    "SELECT api_key_id, roles FROM api_keys"
    " WHERE network_id = :network AND key_hash = :hash AND revoked_at IS NULL"
)
_REVOKE_API_KEY = sa.text(
    "UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now)"
    " WHERE network_id = :network AND api_key_id = :id"
)
_RECORD_FAILURE = sa.text("INSERT INTO login_failures (identity, at) VALUES (:identity, :at)")
_FAILURES = sa.text("SELECT count(*) FROM login_failures WHERE identity = :identity AND at > :since")
