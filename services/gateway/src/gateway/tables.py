"""Rows of the gateway's database: accounts, sessions, keys, the audit log; and their translation to values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import Network
from common.database import INSTANT, standard_tables
from common.encoding import canonical
from gateway.rules import audit
from gateway.rules.accounts import Session

metadata = sa.MetaData()
standard_tables(metadata)

sa.Table(
    "networks", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
)  # fmt: skip
sa.Table(
    "staff", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("staff_id", pg.UUID, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("branch_ids", pg.ARRAY(pg.UUID), nullable=False),
    sa.Column("practitioner_id", pg.UUID),
    sa.Column("totp_secret", sa.LargeBinary),
    sa.Column("totp_pending", sa.LargeBinary),
    sa.Column("totp_last", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.UniqueConstraint("network_id", "email", name="staff_email"),
)  # fmt: skip
sa.Table(
    # Outside row-level security: an e-mail is all that is known before its network is.
    "staff_logins", metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("network_id", sa.Text, nullable=False),
    sa.Column("staff_id", pg.UUID, nullable=False),
)  # fmt: skip
sa.Table(
    "login_failures", metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Index("login_failures_identity", "identity", "at"),
)  # fmt: skip
sa.Table(
    "sessions", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("staff_id", pg.UUID, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("last_seen_at", INSTANT, nullable=False),
    sa.ForeignKeyConstraint(["network_id", "staff_id"], ["staff.network_id", "staff.staff_id"], name="session_of"),
)  # fmt: skip
sa.Table(
    "api_keys", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("api_key_id", pg.UUID, primary_key=True),
    sa.Column("key_hash", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("roles", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("revoked_at", INSTANT),
    sa.UniqueConstraint("network_id", "key_hash", name="api_key_hash"),
)  # fmt: skip
sa.Table(
    "idempotency", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("principal", sa.Text, primary_key=True),
    sa.Column("route", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_mac", sa.LargeBinary, nullable=False),
    sa.Column("minted", pg.UUID, nullable=False),
    sa.Column("recorded_at", INSTANT, nullable=False, server_default=sa.func.now()),
    sa.Index("idempotency_recorded", "recorded_at"),
)  # fmt: skip
sa.Table(
    "audit", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("trace", sa.Text),
    sa.Column("subjects", pg.JSONB, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """A member of staff as stored, with what must never leave the gateway."""

    network_id: str
    staff_id: UUID
    email: str
    display_name: str
    password_hash: str
    roles: tuple[str, ...]
    branch_ids: tuple[UUID, ...]
    practitioner_id: UUID | None
    totp_secret: bytes | None
    totp_pending: bytes | None
    totp_last: int
    active: bool
    version: int


# --- networks -------------------------------------------------------------------------------------------


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


# --- staff ----------------------------------------------------------------------------------------------


async def claim_email(tx: AsyncConnection, email: str, network_id: str, staff_id: UUID) -> UUID:
    """Whose e-mail this is from now on: the given account's, unless somebody had it before."""
    values = {"email": email, "network": network_id, "staff": staff_id}
    await tx.execute(_CLAIM_EMAIL, values)
    return UUID(str((await tx.execute(_WHOSE_EMAIL, {"email": email})).one().staff_id))


async def login_of(tx: AsyncConnection, email: str) -> tuple[str, UUID] | None:
    """The network and account of an e-mail."""
    row = (await tx.execute(_WHOSE_EMAIL, {"email": email})).one_or_none()
    return None if row is None else (row.network_id, row.staff_id)


async def insert_account(tx: AsyncConnection, account: Account, *, now: datetime) -> None:
    """A new account, version 1."""
    await tx.execute(
        _INSERT_ACCOUNT,
        {
            "network": account.network_id, "staff": account.staff_id, "email": account.email,
            "display_name": account.display_name, "password_hash": account.password_hash,
            "roles": list(account.roles), "branches": list(account.branch_ids),
            "practitioner": account.practitioner_id, "now": now,
        },
    )  # fmt: skip


async def update_account(tx: AsyncConnection, account: Account) -> None:
    """Everything of it but e-mail and the factors of log-in."""
    await tx.execute(
        _UPDATE_ACCOUNT,
        {
            "network": account.network_id, "staff": account.staff_id, "display_name": account.display_name,
            "roles": list(account.roles), "branches": list(account.branch_ids),
            "practitioner": account.practitioner_id, "active": account.active, "version": account.version,
            "password_hash": account.password_hash,
        },
    )  # fmt: skip


async def account(
    tx: AsyncConnection, network_id: str, staff_id: UUID, *, lock: bool = False
) -> Account | None:
    """One account."""
    statement = _ACCOUNT_LOCKED if lock else _ACCOUNT
    row = (await tx.execute(statement, {"network": network_id, "staff": staff_id})).one_or_none()
    return None if row is None else _account(row)


async def accounts(tx: AsyncConnection, network_id: str) -> list[Account]:
    """All accounts of a network, by name."""
    rows = await tx.execute(_ACCOUNTS, {"network": network_id})
    return [_account(row) for row in rows]


def _account(row: Any) -> Account:
    return Account(
        network_id=row.network_id,
        staff_id=row.staff_id,
        email=row.email,
        display_name=row.display_name,
        password_hash=row.password_hash,
        roles=tuple(row.roles),
        branch_ids=tuple(row.branch_ids),
        practitioner_id=row.practitioner_id,
        totp_secret=row.totp_secret,
        totp_pending=row.totp_pending,
        totp_last=row.totp_last,
        active=row.active,
        version=row.version,
    )


async def put_totp_pending(tx: AsyncConnection, network_id: str, staff_id: UUID, secret: bytes) -> None:
    """A second factor that its owner has yet to prove."""
    await tx.execute(_TOTP_PENDING, {"network": network_id, "staff": staff_id, "secret": secret})


async def confirm_totp(tx: AsyncConnection, network_id: str, staff_id: UUID, step: int) -> None:
    """From now on the second factor is asked for."""
    await tx.execute(_TOTP_CONFIRM, {"network": network_id, "staff": staff_id, "step": step})


async def use_totp(tx: AsyncConnection, network_id: str, staff_id: UUID, step: int) -> bool:
    """Mark a code as used; False where it, or a later one, was used before."""
    done = await tx.execute(_TOTP_USE, {"network": network_id, "staff": staff_id, "step": step})
    return done.rowcount == 1


# --- sessions and keys ----------------------------------------------------------------------------------


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


# --- audit ----------------------------------------------------------------------------------------------


async def lock_chain(tx: AsyncConnection, network_id: str) -> tuple[int, str]:
    """The end of a network's chain, which nobody else may lengthen until this transaction ends."""
    await tx.execute(_LOCK_CHAIN, {"network": network_id})
    row = (await tx.execute(_CHAIN_END, {"network": network_id})).one_or_none()
    return (0, audit.BEGINNING) if row is None else (row.seq, row.hash)


async def append_audit(tx: AsyncConnection, links: Sequence[audit.Link]) -> None:
    """Lengthen the chain."""
    rows = [
        {
            "network_id": link.entry.network_id, "seq": link.seq, "at": link.entry.at.isoformat(),
            "actor": link.entry.actor, "action": link.entry.action, "outcome": link.entry.outcome,
            "purpose": link.entry.purpose, "trace": link.entry.trace, "subjects": link.entry.subjects,
            "previous": link.previous, "hash": link.hash,
        }
        for link in links
    ]  # fmt: skip
    await tx.execute(_APPEND_AUDIT, {"rows": canonical(rows).decode()})


async def audit_before(
    tx: AsyncConnection, network_id: str, *, before: int | None, limit: int, patient_id: str | None
) -> list[audit.Link]:
    """Newest first, below a sequence number."""
    rows = await tx.execute(
        _AUDIT_BEFORE,
        {"network": network_id, "before": before or 2**62, "limit": limit, "patient": patient_id},
    )
    return [_link(row) for row in rows]


async def audit_after(tx: AsyncConnection, network_id: str, *, after: int, limit: int) -> list[audit.Link]:
    """Oldest first, above a sequence number."""
    rows = await tx.execute(_AUDIT_AFTER, {"network": network_id, "after": after, "limit": limit})
    return [_link(row) for row in rows]


def _link(row: Any) -> audit.Link:
    entry = audit.Entry(
        network_id=row.network_id, actor=row.actor, action=row.action, at=row.at, outcome=row.outcome,
        purpose=row.purpose, trace=row.trace, subjects=row.subjects,
    )  # fmt: skip
    return audit.Link(row.seq, entry, row.previous, row.hash)


# --- idempotency ----------------------------------------------------------------------------------------

REMEMBER_KEY = sa.text(
    "WITH ctx AS MATERIALIZED (SELECT set_config('app.network', :network, true) AS network)"
    " INSERT INTO idempotency (network_id, principal, route, key, body_mac, minted)"
    " SELECT network, :principal, :route, :key, :mac, :minted FROM ctx"
    " ON CONFLICT DO NOTHING RETURNING minted"
)
"""One statement, so that it may run without a transaction of its own."""

KNOWN_KEY = sa.text(
    "SELECT body_mac, minted FROM idempotency"
    " WHERE network_id = :network AND principal = :principal AND route = :route AND key = :key"
)
FORGET_KEYS = sa.text("DELETE FROM idempotency WHERE recorded_at < :before")
FORGET_FAILURES = sa.text("DELETE FROM login_failures WHERE at < :before")

_KEEP_NETWORK = sa.text(
    "INSERT INTO networks (network_id, version, body) VALUES (:network, :version, CAST(:body AS jsonb))"
    " ON CONFLICT (network_id) DO UPDATE SET version = excluded.version, body = excluded.body"
    " WHERE networks.version < excluded.version"
)
_CLAIM_EMAIL = sa.text(
    "INSERT INTO staff_logins (email, network_id, staff_id) VALUES (:email, :network, :staff)"
    " ON CONFLICT DO NOTHING"
)
_WHOSE_EMAIL = sa.text("SELECT network_id, staff_id FROM staff_logins WHERE email = :email")
_INSERT_ACCOUNT = sa.text(
    "INSERT INTO staff (network_id, staff_id, email, display_name, password_hash, roles, branch_ids,"
    " practitioner_id, version, created_at)"
    " VALUES (:network, :staff, :email, :display_name, :password_hash, :roles, CAST(:branches AS uuid[]),"
    " :practitioner, 1, :now)"
)
_UPDATE_ACCOUNT = sa.text(
    "UPDATE staff SET display_name = :display_name, roles = :roles, branch_ids = CAST(:branches AS uuid[]),"
    " practitioner_id = :practitioner, active = :active, version = :version, password_hash = :password_hash"
    " WHERE network_id = :network AND staff_id = :staff"
)
_ACCOUNT = sa.text("SELECT * FROM staff WHERE network_id = :network AND staff_id = :staff")
_ACCOUNT_LOCKED = sa.text("SELECT * FROM staff WHERE network_id = :network AND staff_id = :staff FOR UPDATE")
_ACCOUNTS = sa.text("SELECT * FROM staff WHERE network_id = :network ORDER BY display_name, staff_id")
_TOTP_PENDING = sa.text(
    "UPDATE staff SET totp_pending = :secret WHERE network_id = :network AND staff_id = :staff"
)
_TOTP_CONFIRM = sa.text(
    "UPDATE staff SET totp_secret = totp_pending, totp_pending = NULL, totp_last = :step"
    " WHERE network_id = :network AND staff_id = :staff"
)
_TOTP_USE = sa.text(
    "UPDATE staff SET totp_last = :step WHERE network_id = :network AND staff_id = :staff AND totp_last < :step"
)
_INSERT_SESSION = sa.text(
    "INSERT INTO sessions (network_id, token_hash, staff_id, created_at, last_seen_at)"
    " VALUES (:network, :hash, :staff, :now, :now)"
)
_SESSION = sa.text(
    "SELECT s.staff_id, s.created_at, s.last_seen_at, a.roles, a.branch_ids, a.practitioner_id, a.display_name"
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
_LOCK_CHAIN = sa.text("SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext(:network))")
_CHAIN_END = sa.text("SELECT seq, hash FROM audit WHERE network_id = :network ORDER BY seq DESC LIMIT 1")
_APPEND_AUDIT = sa.text(
    "INSERT INTO audit (network_id, seq, at, actor, action, outcome, purpose, trace, subjects, previous, hash)"
    " SELECT network_id, seq, at, actor, action, outcome, purpose, trace, subjects, previous, hash"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS entry (network_id text, seq bigint, at timestamptz,"
    " actor text, action text, outcome text, purpose text, trace text, subjects jsonb, previous text, hash text)"
)
_AUDIT_BEFORE = sa.text(
    "SELECT * FROM audit WHERE network_id = :network AND seq < :before"
    " AND (CAST(:patient AS text) IS NULL OR subjects->>'patient_id' = CAST(:patient AS text))"
    " ORDER BY seq DESC LIMIT :limit"
)
_AUDIT_AFTER = sa.text(
    "SELECT * FROM audit WHERE network_id = :network AND seq > :after ORDER BY seq LIMIT :limit"
)
