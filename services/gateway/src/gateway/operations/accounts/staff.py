"""Accounts of staff: made and changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common import outbox
from common.contracts.gateway import CreateStaff, StaffChanged
from common.contracts.messages import Done
from common.database import Database
from common.errors import UnknownThing, VersionConflict
from gateway import tables
from gateway.operations.accounts import passwords
from gateway.rules import accounts as rules
from gateway.tables import Account


async def create_staff(database: Database, network_id: str, command: CreateStaff, *, now: datetime) -> Done:
    """A new account. Raises `EmailTaken`, `PractitionerTaken`, `PractitionersByRole`, `PasswordTooWeak`.

    The same account again answers the same.
    """
    rules.check_password(command.password, email=command.email)
    rules.check_practitioners(command.roles, command.practitioner_ids)
    account = Account(
        network_id=network_id,
        staff_id=command.staff_id,
        email=command.email,
        display_name=command.display_name,
        password_hash=await passwords.hashed(command.password),
        roles=tuple(dict.fromkeys(command.roles)),
        branch_ids=tuple(command.branch_ids),
        practitioner_id=command.practitioner_id,
        practitioner_ids=tuple(dict.fromkeys(command.practitioner_ids)),
        totp_secret=None,
        totp_pending=None,
        totp_last=0,
        active=True,
        version=1,
    )
    async with database.transaction(network_id) as tx:
        if await tables.claim_email(tx, command.email, network_id, account.staff_id) != account.staff_id:
            raise rules.EmailTaken("There is an account under this e-mail address already")
        known = await tables.account(tx, network_id, account.staff_id)
        if known is not None:
            return Done(version=known.version)
        if not await tables.insert_account(tx, account, now=now):
            raise rules.PractitionerTaken("This practitioner has an account already")
        await outbox.record(tx, _changed(account, now))
    return Done(version=1)


async def change_staff(
    database: Database,
    network_id: str,
    staff_id: UUID,
    *,
    display_name: str | None,
    roles: Sequence[str] | None,
    branch_ids: Sequence[UUID] | None,
    practitioner_id: UUID | None,
    practitioner_ids: Sequence[UUID] | None,
    active: bool | None,
    password: str | None,
    if_version: int | None,
    now: datetime,
) -> Account:
    """Change an account, leaving what is None; closing it, or giving it a new password, ends its sessions."""
    password_hash = await passwords.hashed(password) if password else None
    async with database.transaction(network_id) as tx:
        account = await tables.account(tx, network_id, staff_id, lock=True)
        if account is None:
            raise UnknownThing("staff", staff_id)
        if if_version is not None and if_version != account.version:
            raise VersionConflict("This account was changed meanwhile", version=account.version)
        if password:
            rules.check_password(password, email=account.email)
        changed = replace(
            account,
            display_name=display_name or account.display_name,
            roles=account.roles if roles is None else tuple(dict.fromkeys(roles)),
            branch_ids=account.branch_ids if branch_ids is None else tuple(branch_ids),
            practitioner_id=practitioner_id or account.practitioner_id,
            practitioner_ids=account.practitioner_ids
            if practitioner_ids is None
            else tuple(dict.fromkeys(practitioner_ids)),
            active=account.active if active is None else active,
            password_hash=password_hash or account.password_hash,
            version=account.version + 1,
        )
        rules.check_practitioners(changed.roles, changed.practitioner_ids)
        if not await tables.update_account(tx, changed):
            raise rules.PractitionerTaken("This practitioner has another account")
        if password_hash or not changed.active:
            await tables.delete_sessions_of(tx, network_id, staff_id)
        await outbox.record(tx, _changed(changed, now))
    return changed


def _changed(account: Account, now: datetime) -> StaffChanged:
    return StaffChanged(
        network_id=account.network_id,
        occurred_at=now,
        version=account.version,
        staff_id=account.staff_id,
        roles=list(account.roles),
        branch_ids=list(account.branch_ids),
        practitioner_ids=list(rules.agendas(account.practitioner_id, account.practitioner_ids)),
        active=account.active,
    )
