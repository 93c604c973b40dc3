"""How long a message waits for its delivery before the next channel's turn."""

from datetime import datetime, timedelta

from notifications.tables.messages import Message

SHORTEST_BUDGET = timedelta(minutes=5)


def budget_end(message: Message, since: datetime) -> datetime:
    """When the next channel's turn comes: within the step's use, and never after the visit has started."""
    ends = since + timedelta(seconds=message.budget_seconds)
    if message.message_class != "immediate":
        ends = min(ends, max(message.latest_at, since + SHORTEST_BUDGET))
    if message.starts_at is not None:
        ends = min(ends, max(message.starts_at, since))
    return ends


def expires_at(message: Message) -> datetime:
    """When it would be decided that it is too late: what has left by then must not arrive later either."""
    answering = message.only_channel is not None
    if answering or message.starts_at is None:
        return message.latest_at
    return min(message.latest_at, message.starts_at)
