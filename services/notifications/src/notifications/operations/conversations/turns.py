"""One message of a thread at a time: whoever answers it holds the thread's turn until the answer is recorded."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from common.clock import wall
from common.contracts.patient_profile import Channel
from common.errors import Unavailable
from common.sealed import Sealer
from notifications.channels import Written
from notifications.tables import conversations
from notifications.tables.conversations import Thread

DROPPED_AFTER = timedelta(minutes=5)
"""Wall time. Longer than a webhook waits for its next try: a message whose answer was cut off is answered first."""


def thread_id(network_id: str, channel: Channel, address_index: bytes) -> UUID:
    """The same for one address on one channel, always; the index is keyed, so that nobody can guess it."""
    return uuid5(NAMESPACE_URL, f"{network_id}/{channel}/{address_index.hex()}")


async def take(
    tx: AsyncConnection, sealer: Sealer, network_id: str, written: Written, turn_of: UUID, *, now: datetime
) -> Thread:
    """The thread of whoever wrote, held for this message. Raises `Unavailable` while another one is answered."""
    index = sealer.index(network_id, written.sender)
    identity = thread_id(network_id, written.channel, index)
    seal = await sealer.of(tx, network_id, identity)
    found = {
        "thread_id": identity,
        "channel": written.channel,
        "address_index": index,
        "address": seal.close(written.sender, about="threads.address"),
        "turn_since": wall(),
    }
    thread = await conversations.take_turn(
        tx, network_id, found, turn_of, now=now, over=wall() - DROPPED_AFTER
    )
    if thread is None:
        raise Unavailable("conversation", "another message of it is being answered")
    return thread
