"""What a message outside a visit is about: kept sealed in its row, for a medicine tells who is ill and of what."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.recall import DescribeOutreach, OutreachDue, OutreachValues
from common.encoding import from_text, to_text
from common.sealed import Seal, Sealer
from notifications.operations.parts import Parts, ourselves
from notifications.rules.texts import Matter
from notifications.tables.messages import Message

KEPT, SEALED = "matter", "messages.matter"


async def told(parts: Parts, event: OutreachDue) -> OutreachValues:
    """What recall says of it. While recall does not answer the event waits: without its words it is of no use."""
    if not event.described:
        return OutreachValues()
    question = DescribeOutreach(outreach_id=event.outreach_id)
    return await parts.asks.ask(question, caller=ourselves(event.network_id))


async def kept(
    tx: AsyncConnection, sealer: Sealer, network_id: str, patient_id: UUID, values: OutreachValues
) -> dict[str, Any]:
    """As a row's data keep it; nothing where nothing is said."""
    if values == OutreachValues():
        return {}
    seal = await sealer.of(tx, network_id, patient_id)
    return {KEPT: to_text(seal.close(values.model_dump(mode="json"), about=SEALED))}


async def of_messages(parts: Parts, network_id: str, messages: Sequence[Message]) -> dict[UUID, Matter]:
    """Of those that are about something of the kind; few are, and for the others nothing is read."""
    wanted = [one for one in messages if KEPT in one.data]
    if not wanted:
        return {}
    async with parts.database.reading(network_id) as tx:
        seals = await parts.sealer.existing(tx, network_id, [one.patient_id for one in wanted])
    return {one.message_id: _opened(one, seals[one.patient_id]) for one in wanted if one.patient_id in seals}


def _opened(message: Message, seal: Seal) -> Matter:
    stored = OutreachValues.model_validate(seal.open(from_text(message.data[KEPT]), about=SEALED))
    return Matter(stored.medicine, stored.dose, stored.topic, stored.due_at, message.zone)
