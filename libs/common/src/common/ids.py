"""Identifiers: UUIDv7, ordered by the wall clock of whoever makes them."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of wall-clock milliseconds, then random bits.

    Made in Python because PostgreSQL 17 has no `uuidv7()`; by the wall clock, never by the movable one,
    so that ids stay ordered and distinct while a development clock stands still.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= ((random >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return UUID(int=value)
