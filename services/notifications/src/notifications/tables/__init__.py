"""The rows of this service, and their translation to values."""

from notifications.tables import (
    attempt_texts,
    calls,
    conversations,
    limits,
    look_ups,
    policies,
    refusals,
    wordings,
)
from notifications.tables.schema import metadata

__all__ = [
    "attempt_texts",
    "calls",
    "conversations",
    "limits",
    "look_ups",
    "metadata",
    "policies",
    "refusals",
    "wordings",
]
