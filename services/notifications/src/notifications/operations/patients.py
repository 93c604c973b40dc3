"""What changes when a patient does."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.sealed import Sealer
from notifications.tables import attempt_texts, calls, conversations
from notifications.tables import messages as message_rows
from notifications.tables.schema import appointments, attempts, inbound, messages


async def erase(tx: AsyncConnection, sealer: Sealer, network_id: str, patient_id: UUID) -> None:
    """Nothing more goes out, addresses can no longer be found, and what was sealed can no longer be read."""
    own = (messages.c.network_id == network_id, messages.c.patient_id == patient_id)
    await tx.execute(
        sa.update(messages)
        .where(*own, messages.c.outcome == "cancelled", messages.c.reason == "grouped")
        .values(reason="erased", due_at=None)
    )
    dropped = await tx.execute(
        sa.update(messages)
        .where(*own, messages.c.outcome == "planned")
        .values(outcome="cancelled", reason="erased", due_at=None, paused=False)
        .returning(messages.c.message_id)
    )
    await message_rows.free_grouped(tx, network_id, list(dropped.scalars()))
    await tx.execute(sa.update(messages).where(*own).values(text=None))
    await attempt_texts.forget(tx, network_id, patient_id)
    await tx.execute(sa.update(messages).where(*own, messages.c.outcome != "sending").values(due_at=None))
    await tx.execute(
        sa.update(attempts)
        .where(attempts.c.network_id == network_id, attempts.c.patient_id == patient_id)
        .values(address=b"", address_index=b"")
    )
    await tx.execute(
        sa.update(inbound)
        .where(inbound.c.network_id == network_id, inbound.c.patient_id == patient_id)
        .values(text=None, address_index=b"")
    )
    await tx.execute(
        sa.update(appointments)
        .where(appointments.c.network_id == network_id, appointments.c.patient_id == patient_id)
        .values(phone_index=None)
    )
    await _forget_conversations(tx, sealer, network_id, patient_id)
    await calls.forget_numbers(tx, network_id, patient_id)
    await sealer.drop(tx, network_id, patient_id)


async def _forget_conversations(
    tx: AsyncConnection, sealer: Sealer, network_id: str, patient_id: UUID
) -> None:
    """Threads in which the patient wrote, with what was written there before anybody knew who it was."""
    threads = await conversations.of_patient(tx, network_id, patient_id)
    indexes = [one.address_index for one in threads]
    await tx.execute(
        sa.update(inbound)
        .where(inbound.c.network_id == network_id, inbound.c.address_index.in_(indexes))
        .values(text=None, address_index=b"")
    )
    await conversations.forget(tx, network_id, [one.thread_id for one in threads])
    for thread in threads:
        await sealer.drop(tx, network_id, thread.thread_id)
