"""Adapters of the providers we don't own, each at its real wire format; what can come of a call is a value."""

from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Enclosure,
    Hook,
    Known,
    Leaving,
    Letter,
    NotReached,
    Outcome,
    Refused,
    Status,
    TooMany,
    Unsure,
    Webhook,
    Written,
    nothing_stops_it,
)

__all__ = [
    "Accepted",
    "Adapter",
    "Enclosure",
    "Hook",
    "Known",
    "Leaving",
    "Letter",
    "NotReached",
    "Outcome",
    "Refused",
    "Status",
    "TooMany",
    "Unsure",
    "Webhook",
    "Written",
    "nothing_stops_it",
]
