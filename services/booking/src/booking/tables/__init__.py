"""Rows and their translation to values; nothing here decides."""

from booking.tables.schema import metadata

__all__ = ["metadata"]
