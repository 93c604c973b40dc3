"""What each channel was told, where a message goes out on several: staff see of each what was said there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.operations.changes import Sending
from notifications.tables import attempt_texts
from notifications.tables.messages import Message


async def keep_apart(
    tx: AsyncConnection, network_id: str, before: Mapping[UUID, Message], sendings: Sequence[Sending]
) -> None:
    """The words of these attempts and of those before them, while their messages still say what they said before.

    What goes out once, as nearly everything does, has its words in its message alone.
    """
    times = Counter(one.message.message_id for one in sendings)
    again = {message_id for message_id in times if before[message_id].text is not None}
    await attempt_texts.keep_earlier(tx, network_id, sorted(again))
    several = again | {message_id for message_id, count in times.items() if count > 1}
    own = {
        one.attempt.attempt_id: one.message.text
        for one in sendings
        if one.message.message_id in several and one.message.text is not None
    }
    await attempt_texts.keep(tx, network_id, own)
