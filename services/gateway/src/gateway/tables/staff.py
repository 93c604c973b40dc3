"""Accounts of staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection


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
    practitioner_ids: tuple[UUID, ...]
    totp_secret: bytes | None
    totp_pending: bytes | None
    totp_last: int
    active: bool
    version: int


async def claim_email(tx: AsyncConnection, email: str, network_id: str, staff_id: UUID) -> UUID:
    """Whose e-mail this is from now on: the given account's, unless somebody had it before."""
    values = {"email": email, "network": network_id, "staff": staff_id}
    await tx.execute(_CLAIM_EMAIL, values)
    return UUID(str((await tx.execute(_WHOSE_EMAIL, {"email": email})).one().staff_id))


async def login_of(tx: AsyncConnection, email: str) -> tuple[str, UUID] | None:
    """The network and account of an e-mail."""
    row = (await tx.execute(_WHOSE_EMAIL, {"email": email})).one_or_none()
    return None if row is None else (row.network_id, row.staff_id)


async def insert_account(tx: AsyncConnection, account: Account, *, now: datetime) -> bool:
    """A new account, version 1; False where its practitioner has an open one."""
    done = await tx.execute(_INSERT_ACCOUNT, {**_values(account), "email": account.email, "now": now})
    return done.rowcount == 1


async def update_account(tx: AsyncConnection, account: Account) -> bool:
    """Everything of it but e-mail and the factors of log-in; False where its practitioner has another open one."""
    try:
        async with tx.begin_nested():
            await tx.execute(_UPDATE_ACCOUNT, _values(account))
    except IntegrityError:
        return False
    return True


def _values(account: Account) -> dict[str, Any]:
    return {
        "network": account.network_id, "staff": account.staff_id, "display_name": account.display_name,
        "password_hash": account.password_hash, "roles": list(account.roles),
        "branches": list(account.branch_ids), "practitioner": account.practitioner_id,
        "practitioners": list(account.practitioner_ids), "active": account.active, "version": account.version,
    }  # fmt: skip


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
        practitioner_ids=tuple(row.practitioner_ids),
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


_CLAIM_EMAIL = sa.text(
    "INSERT INTO staff_logins (email, network_id, staff_id) VALUES (:email, :network, :staff)"
    " ON CONFLICT DO NOTHING"
)
_WHOSE_EMAIL = sa.text("SELECT network_id, staff_id FROM staff_logins WHERE email = :email")
_INSERT_ACCOUNT = sa.text(
    "INSERT INTO staff (network_id, staff_id, email, display_name, password_hash, roles, branch_ids,"
    " practitioner_id, practitioner_ids, active, version, created_at)"
    " VALUES (:network, :staff, :email, :display_name, :password_hash, :roles, CAST(:branches AS uuid[]),"
    " :practitioner, CAST(:practitioners AS uuid[]), :active, :version, :now)"
    " ON CONFLICT (network_id, practitioner_id) WHERE active AND practitioner_id IS NOT NULL DO NOTHING"
)
_UPDATE_ACCOUNT = sa.text(
    "UPDATE staff SET display_name = :display_name, roles = :roles, branch_ids = CAST(:branches AS uuid[]),"
    " practitioner_id = :practitioner, practitioner_ids = CAST(:practitioners AS uuid[]), active = :active,"
    " version = :version, password_hash = :password_hash"
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
