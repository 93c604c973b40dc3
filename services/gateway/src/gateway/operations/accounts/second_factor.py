"""The second factor of a log-in: codes by time (TOTP), each good once."""

import hashlib
import hmac
import secrets
import time
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.database import Database
from common.errors import NotAllowed, UnknownThing
from gateway import tables
from gateway.rules import accounts as rules
from gateway.tables import Account

TOTP_STEP = 30


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


async def use_totp(database: Database, secret: bytes, account: Account, code: str) -> bool:
    """Whether this is a code of the account that was not used before; it is used up by this."""
    step = _totp_step(_unsealed(secret, account, account.totp_secret), code)
    if step is None:
        return False
    async with database.transaction(account.network_id) as tx:
        return await tables.use_totp(tx, account.network_id, account.staff_id, step)


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
