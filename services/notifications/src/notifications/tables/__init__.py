"""The rows of this service, and their translation to values."""

from notifications.tables import calls, conversations, limits, policies, wordings
from notifications.tables.schema import metadata

__all__ = ["calls", "conversations", "limits", "metadata", "policies", "wordings"]
