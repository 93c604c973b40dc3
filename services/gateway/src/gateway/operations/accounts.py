"""Accounts of staff, their log-ins, and the keys of machines."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common import outbox
from common.clock import wall
from common.contracts.gateway import CreateStaff, StaffChanged
from common.contracts.messages import Done
from common.database import Database
from common.errors import NotAllowed, UnknownThing, VersionConflict
from gateway import tables
from gateway.rules import accounts as rules
from gateway.tables import Account

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's minimum for Argon2id; each takes about 20 ms of one core."""

_HASHING = asyncio.Semaphore(2)
_NOBODY = _HASHER.hash(secrets.token_hex(16))
TOTP_STEP = 30


@dataclass(frozen=True)
class LoggedIn:
    """A fresh session: its token is shown once and stored as a hash."""

    token: str
    account: Account


async def _hash(password: str) -> str:
    async with _HASHING:
        return await asyncio.to_thread(_HASHER.hash, password)


async def _matches(password_hash: str, password: str) -> bool:
    def verify() -> bool:
        try:
            return _HASHER.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async with _HASHING:
        return await asyncio.to_thread(verify)


# --- accounts -------------------------------------------------------------------------------------------


async def create_staff(database: Database, network_id: str, command: CreateStaff, *, now: datetime) -> Done:
    """A new account. Raises `EmailTaken`, `PasswordTooWeak`; the same account again answers the same.

    A practitioner's account bears the practitioner's id: that is how owners know whose visits are whose.
    """
    rules.check_password(command.password, email=command.email)
    password_hash = await _hash(command.password)
    staff_id = rules.account_id(command.staff_id, command.practitioner_id)
    account = Account(
        network_id=network_id,
        staff_id=staff_id,
        email=command.email,
        display_name=command.display_name,
        password_hash=password_hash,
        roles=tuple(dict.fromkeys(command.roles)),
        branch_ids=tuple(command.branch_ids),
        practitioner_id=command.practitioner_id,
        totp_secret=None,
        totp_pending=None,
        totp_last=0,
        active=True,
        version=1,
    )
    async with database.transaction(network_id) as tx:
        if await tables.claim_email(tx, command.email, network_id, staff_id) != staff_id:
            raise rules.EmailTaken("There is an account under this e-mail address already")
        known = await tables.account(tx, network_id, staff_id)
        if known is not None and known.email != command.email:
            raise rules.PractitionerTaken("This practitioner has an account already")
        if known is not None:
            return Done(version=known.version)
        await tables.insert_account(tx, account, now=now)
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
    active: bool | None,
    password: str | None,
    if_version: int | None,
    now: datetime,
) -> Account:
    """Change an account; closing it, or giving it a new password, ends its sessions."""
    password_hash = await _hash(password) if password else None
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
            active=account.active if active is None else active,
            password_hash=password_hash or account.password_hash,
            version=account.version + 1,
        )
        await tables.update_account(tx, changed)
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
        active=account.active,
    )


# --- log-ins --------------------------------------------------------------------------------------------


async def log_in(
    database: Database,
    secret: bytes,
    *,
    email: str,
    password: str,
    totp: str | None,
    address: str,
    now: datetime,
) -> LoggedIn:
    """A session. Raises `WrongCredentials`, `TotpRequired`, `TooManyAttempts` (which run on wall time)."""
    email = email.strip().lower()
    identities = [_identity(secret, "account", email), _identity(secret, "address", address)]
    async with database.unscoped() as tx:
        since = wall() - rules.FAILURE_WINDOW
        for identity, most in zip(
            identities, (rules.FAILURES_PER_ACCOUNT, rules.FAILURES_PER_ADDRESS), strict=True
        ):
            if not rules.attempts_left(await tables.failures(tx, identity, since), most):
                raise rules.TooManyAttempts(
                    "Too many failed attempts", retry_after=int(rules.FAILURE_WINDOW.total_seconds())
                )
        login = await tables.login_of(tx, email)
    account = None
    if login is not None:
        async with database.transaction(login[0]) as tx:
            account = await tables.account(tx, *login)
    matches = await _matches(account.password_hash if account else _NOBODY, password)
    if account is None or not account.active or not matches:
        await _failed(database, identities)
        raise rules.WrongCredentials("E-mail and password do not belong together")
    if account.totp_secret is not None:
        await _second_factor(database, secret, account, totp, identities)
    token = f"s.{account.network_id}.{secrets.token_urlsafe(32)}"
    async with database.transaction(account.network_id) as tx:
        await tables.insert_session(
            tx, account.network_id, rules.token_hash(token), account.staff_id, now=now
        )
    return LoggedIn(token, account)


async def _second_factor(
    database: Database, secret: bytes, account: Account, totp: str | None, identities: list[str]
) -> None:
    if not totp:
        raise rules.TotpRequired("This account asks for a code, too")
    step = _totp_step(_unsealed(secret, account, account.totp_secret), totp)
    used = False
    if step is not None:
        async with database.transaction(account.network_id) as tx:
            used = await tables.use_totp(tx, account.network_id, account.staff_id, step)
    if not used:
        await _failed(database, identities)
        raise rules.WrongCredentials("E-mail, password and code do not belong together")


async def _failed(database: Database, identities: list[str]) -> None:
    async with database.unscoped() as tx:
        await tables.record_failure(tx, identities, wall())


def _identity(secret: bytes, kind: str, value: str) -> str:
    return hmac.new(secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


async def log_out(database: Database, network_id: str, hashed: str) -> None:
    """The token opens nothing any more."""
    async with database.transaction(network_id) as tx:
        await tables.delete_session(tx, network_id, hashed)


# --- second factor --------------------------------------------------------------------------------------


async def begin_totp(database: Database, secret: bytes, network_id: str, staff_id: UUID) -> str:
    """A new second factor, as an `otpauth:` address; it counts once its owner has shown a code of it."""
    fresh = pyotp.random_base32()
    async with database.transaction(network_id) as tx:
        account = await tables.account(tx, network_id, staff_id, lock=True)
        if account is None:
            raise UnknownThing("staff", staff_id)
        await tables.put_totp_pending(tx, network_id, staff_id, _sealed(secret, account, fresh))
    return pyotp.TOTP(fresh).provisioning_uri(name=account.email, issuer_name="Vínculo")


async def confirm_totp(database: Database, secret: bytes, network_id: str, staff_id: UUID, code: str) -> None:
    """The second factor is set up. Raises `WrongCredentials` for a wrong code."""
    async with database.transaction(network_id) as tx:
        account = await tables.account(tx, network_id, staff_id, lock=True)
        if account is None or account.totp_pending is None:
            raise NotAllowed("No second factor was begun")
        step = _totp_step(_unsealed(secret, account, account.totp_pending), code)
        if step is None:
            raise rules.WrongCredentials("This code is not the right one")
        await tables.confirm_totp(tx, network_id, staff_id, step)


def _totp_step(secret: str, code: str) -> int | None:
    """The time step whose code this is: now, or one before or after (wall time, as in the owner's phone)."""
    now = int(time.time()) // TOTP_STEP
    totp = pyotp.TOTP(secret)
    return next(
        (
            step
            for step in (now, now - 1, now + 1)
            if hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode())
        ),
        None,
    )


def _sealed(secret: bytes, account: Account, text: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(_sealing_key(secret)).encrypt(nonce, text.encode(), account.staff_id.bytes)


def _unsealed(secret: bytes, account: Account, sealed: bytes | None) -> str:
    try:
        raw = sealed or b""
        return AESGCM(_sealing_key(secret)).decrypt(raw[:12], raw[12:], account.staff_id.bytes).decode()
    except InvalidTag as error:
        raise rules.WrongCredentials("The second factor of this account has to be set up again") from error


def _sealing_key(secret: bytes) -> bytes:
    return hmac.new(secret, b"totp", hashlib.sha256).digest()


# --- keys of machines -----------------------------------------------------------------------------------


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
