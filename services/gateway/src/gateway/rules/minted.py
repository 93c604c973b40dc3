"""Ids made for one request: all follow from one, so that a repeated request makes the same ones."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from common.errors import Refused


class IdempotencyKeyReused(Refused):
    """The same key came with another body."""

    code = "idempotency-key-reused"


@dataclass(frozen=True)
class Minted:
    """The ids of one request, by name."""

    base: UUID

    def id(self, name: str) -> UUID:
        """A UUIDv7 of the base's instant whose remaining bits follow from base and name."""
        mixed = int.from_bytes(hashlib.sha256(self.base.bytes + name.encode()).digest()[:10], "big")
        value = (self.base.int >> 80) << 80
        value |= 0x7 << 76 | ((mixed >> 62) & 0xFFF) << 64
        value |= 0b10 << 62 | mixed & ((1 << 62) - 1)
        return UUID(int=value)
