"""What Meta's APIs have in common: how they refuse."""

from typing import Any

from common.contracts.patient_profile import Channel
from notifications.channels.protocol import Refused, TooMany

LIMITS = frozenset({4, 17, 32, 613, 80006, 80007, 130429, 131056})
"""Codes of the app's, the account's and the pair's limits. They do not always come with HTTP 429."""


def refused(channel: Channel, status: int, body: dict[str, Any]) -> Refused | TooMany:
    """A limit is for now; everything else is for good."""
    code = body.get("error", {}).get("code")
    if code in LIMITS:
        return TooMany(None)
    return Refused(f"{channel}-{code}" if code else f"http-{status}")
