"""Passwords, hashed a few at a time: each takes about 20 ms of one core."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's minimum for Argon2id."""

_HASHING = asyncio.Semaphore(2)
NOBODY = _HASHER.hash(secrets.token_hex(16))
"""What is compared where there is no account, so that it takes as long."""


async def hashed(password: str) -> str:
    """What is stored of a password."""
    async with _HASHING:
        return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password that was stored."""

    def verify() -> bool:
        try:
            return _HASHER.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async with _HASHING:
        return await asyncio.to_thread(verify)
