"""That a medicine was taken, by the button of its reminder or in words that answer it: told to recall, which reminds.

Whatever does not say so, or not clearly about one patient's reminder, is heard like any other reply.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.contracts.notifications import MedicineTaken
from notifications.channels import Written
from notifications.operations.handles import inbound_id
from notifications.operations.parts import Parts
from notifications.rules.understand import QUESTION, consists
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message
from notifications.tables.schema import inbound

REMINDER, TAKEN = "medication", "taken"
PRESS = re.compile(r"taken:(?P<outreach>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
STANDS = timedelta(hours=24)
"""A word that quotes nothing answers no older reminder."""


async def told(parts: Parts, network_id: str, written: Written, *, now: datetime) -> bool:
    """Whether it says so. Each reminder's is stored and told once, however often it is pressed or said."""
    if not _may_tell(written):
        return False
    address_index = parts.sealer.index(network_id, written.sender)
    async with parts.database.transaction(network_id) as tx:
        sent = await attempt_rows.at_address(tx, network_id, address_index)
        messages = await message_rows.of_ids(tx, network_id, [one.message_id for one in sent])
        about = _reminder(written, sent, messages, now)
        if about is None:
            return False
        held = await message_rows.of_ids(tx, network_id, [about.message_id], lock=True)
        if TAKEN not in held[about.message_id].data:
            await _store(tx, parts, held[about.message_id], written, address_index, now)
    return True


def _may_tell(written: Written) -> bool:
    if written.payload is not None:
        return PRESS.fullmatch(written.payload) is not None
    return consists(written.text, (TAKEN,)) and not QUESTION.search(written.text)


def _reminder(
    written: Written, sent: Sequence[Attempt], messages: Mapping[UUID, Message], now: datetime
) -> Message | None:
    """The one whose button it is, the one that is quoted, or the last thing that was said to that address."""
    if press := PRESS.fullmatch(written.payload or ""):
        outreach_id = UUID(press["outreach"])
        return _only(one for one in messages.values() if one.origin_id == outreach_id)
    newest_first = [messages[one.message_id] for one in sent if one.message_id in messages]
    if written.answers is not None:
        quoted = {one.message_id for one in sent if one.provider_id == written.answers}
        return _only(one for one in newest_first if one.message_id in quoted)
    standing = [one for one in newest_first if now - one.target_at <= STANDS and TAKEN not in one.data]
    if len({one.patient_id for one in standing if one.template == REMINDER}) > 1:
        return None  # a family's phone: nobody can say who has taken theirs
    return _only(newest_first[:1]) if newest_first[:1] == standing[:1] else None


def _only(found: Iterable[Message]) -> Message | None:
    """The first, where it reminds of a medicine."""
    first = next(iter(found), None)
    return first if first is not None and first.template == REMINDER else None


async def _store(
    tx: AsyncConnection, parts: Parts, about: Message, written: Written, address_index: bytes, now: datetime
) -> None:
    network_id, identity = about.network_id, inbound_id(about.network_id, written)
    seal = await parts.sealer.of(tx, network_id, about.patient_id)
    row = {
        "network_id": network_id, "inbound_id": identity, "channel": written.channel, "patient_id": about.patient_id,
        "appointment_id": None, "address_index": address_index, "at": now,
        "text": seal.close(written.text, about="inbound.text"), "understood_as": TAKEN,
    }  # fmt: skip
    await tx.execute(sa.insert(inbound), row)
    change = {"message_id": about.message_id, "data": {**about.data, TAKEN: now.isoformat()}}
    await message_rows.update(tx, network_id, [change])
    event = MedicineTaken(
        network_id=network_id, occurred_at=now, version=1, inbound_id=identity, outreach_id=about.origin_id,
        patient_id=about.patient_id,
    )  # fmt: skip
    await outbox.record(tx, event)
