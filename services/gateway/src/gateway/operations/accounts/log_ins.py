"""Log-ins of staff."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from common.clock import wall
from common.database import Database
from gateway import tables
from gateway.operations.accounts import passwords
from gateway.operations.accounts.second_factor import use_totp
from gateway.rules import accounts as rules
from gateway.tables import Account


@dataclass(frozen=True)
class LoggedIn:
    """A fresh session: its token is shown once and stored as a hash."""

    token: str
    account: Account


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
    matches = await passwords.matches(account.password_hash if account else passwords.NOBODY, password)
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
    if not await use_totp(database, secret, account, totp):
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
