"""What is kept of a reply: its words, what was understood, the answer that goes back, the task for a person."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import ReplyUnderstood
from notifications.operations.parts import Parts
from notifications.operations.planning import answer
from notifications.operations.replies.acting import Result
from notifications.operations.replies.binding import Heard, Meaning, by_newest
from notifications.operations.telling import Telling
from notifications.tables import messages as message_rows
from notifications.tables.messages import Message
from notifications.tables.schema import inbound


async def known(tx: AsyncConnection, network_id: str, inbound_id: UUID) -> bool:
    query = sa.select(sa.literal(1)).where(
        inbound.c.network_id == network_id, inbound.c.inbound_id == inbound_id
    )
    return (await tx.execute(query)).first() is not None


async def record(
    parts: Parts, network_id: str, heard: Heard, meaning: Meaning, result: Result, now: datetime
) -> None:
    about = meaning.about or (meaning.options[0] if meaning.options else next(iter(by_newest(heard)), None))
    async with parts.database.transaction(network_id) as tx:
        if not await _store(parts, tx, network_id, heard, about, meaning, result, now):
            return
        telling = Telling(now)
        if about is not None:
            if result.understood_as is not None:
                telling.event(
                    ReplyUnderstood(
                        network_id=network_id, occurred_at=now, version=1, inbound_id=heard.inbound_id,
                        patient_id=about.patient_id, appointment_id=about.appointment_id,
                        intent=result.understood_as,
                    )
                )  # fmt: skip
            if result.answer is not None:
                reply = answer(about, result.answer, channel=heard.written.channel, now=now, data=result.data)
                await message_rows.insert(tx, [reply])
        if result.task is not None:
            telling.person(network_id, about, result.task, result.reason, identity=heard.inbound_id)
        await telling.write(tx)


async def _store(
    parts: Parts, tx: AsyncConnection, network_id: str, heard: Heard, about: Message | None, meaning: Meaning,
    result: Result, now: datetime,
) -> bool:  # fmt: skip
    if await known(tx, network_id, heard.inbound_id):
        return False
    seal = parts.sealer.service
    if about is not None:
        seal = await parts.sealer.of(tx, network_id, about.patient_id)
    await tx.execute(
        sa.insert(inbound),
        {
            "network_id": network_id, "inbound_id": heard.inbound_id, "channel": heard.written.channel,
            "patient_id": about.patient_id if about else None,
            "appointment_id": meaning.about.appointment_id if meaning.about else None,
            "address_index": heard.address_index, "at": now,
            "text": seal.close(heard.written.text, about="inbound.text"), "understood_as": result.understood_as,
        },
    )  # fmt: skip
    return True
