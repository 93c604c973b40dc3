"""Bytes as text (base64url without padding), and values as canonical JSON."""

import base64
import hashlib
import hmac
from typing import Any

import orjson


def to_text(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """The reverse of `to_text`; padding is accepted too."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def canonical(value: Any) -> bytes:
    """The same bytes for the same value: keys sorted, no white space."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)


def digest(value: Any, secret: str = "") -> str:
    """SHA-256 of the canonical form as hex; under a secret, one that nobody else can compute from a guess."""
    if secret:
        return hmac.new(secret.encode(), canonical(value), hashlib.sha256).hexdigest()
    return hashlib.sha256(canonical(value)).hexdigest()
