"""The rows of this service, and their translation to values."""

from notifications.tables import conversations
from notifications.tables.schema import metadata

__all__ = ["conversations", "metadata"]
