"""The rows of this service, and their translation to values."""

from notifications.tables import calls, conversations, policies, wordings
from notifications.tables.schema import metadata

__all__ = ["calls", "conversations", "metadata", "policies", "wordings"]
