"""The rows of this service, and their translation to values."""

from notifications.tables.schema import metadata

__all__ = ["metadata"]
