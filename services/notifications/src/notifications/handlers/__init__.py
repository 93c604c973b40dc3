"""Subject to operation or query: translation, and nothing decided here."""

from notifications.handlers import calls, conversations, messages, templates
from notifications.handlers.registry import answers, readers

__all__ = ["answers", "calls", "conversations", "messages", "readers", "templates"]
