"""The tables of booking's database, beside the standard ones."""

from booking.tables.schema import absences, appointments, changes, directory, money, queue, waiting
from booking.tables.schema.database import metadata

__all__ = ["absences", "appointments", "changes", "directory", "metadata", "money", "queue", "waiting"]
