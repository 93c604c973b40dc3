"""The questions that this service answers."""

from notifications.queries.calls import call, calls
from notifications.queries.messages import communications, last_states, message, report
from notifications.queries.sending import sending

__all__ = ["call", "calls", "communications", "last_states", "message", "report", "sending"]
