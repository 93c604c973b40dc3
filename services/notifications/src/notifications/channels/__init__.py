"""Adapters of the providers we don't own, each at its real wire format; what can come of a call is a value."""

from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Enclosure,
    Hook,
    Known,
    Letter,
    NotReached,
    Outcome,
    Refused,
    Status,
    TooMany,
    Unsure,
    Webhook,
    Written,
)

__all__ = [
    "Accepted",
    "Adapter",
    "Enclosure",
    "Hook",
    "Known",
    "Letter",
    "NotReached",
    "Outcome",
    "Refused",
    "Status",
    "TooMany",
    "Unsure",
    "Webhook",
    "Written",
]
