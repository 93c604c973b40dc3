"""Subject to operation or query: translation, and nothing decided here."""

from notifications.handlers import conversations, messages, templates
from notifications.handlers.registry import answers, readers

__all__ = ["answers", "conversations", "messages", "readers", "templates"]
