"""The questions that this service answers."""

from notifications.queries.messages import call, calls, communications, last_states, message, report

__all__ = ["call", "calls", "communications", "last_states", "message", "report"]
