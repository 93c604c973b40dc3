"""What earlier tries left behind: attempts that somebody died with, and unknown ones whose time has come."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from notifications.channels import Known, Letter
from notifications.operations.batch import Batch
from notifications.operations.changes import Changes, budget_end
from notifications.operations.parts import Parts
from notifications.rules.texts import Text
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message


async def settle_old(parts: Parts, batch: Batch, now: datetime) -> set[UUID]:
    """Attempts that somebody died with, and unknown ones whose time has come; returns what is done with for now."""
    died, unsure = [], []
    for message in batch.messages.values():
        for attempt in batch.attempts.get(message.message_id, []):
            if attempt.outcome == "open" and attempt.in_flight:
                died.append((message, attempt))
            elif attempt.outcome == "unknown" and message.outcome == "unknown":
                unsure.append((message, attempt))
    if died:
        async with parts.database.transaction(batch.network_id) as tx:
            held = await message_rows.of_ids(
                tx, batch.network_id, [one.message_id for one, _ in died], lock=True
            )
            changes = Changes(now)
            for message, attempt in died:
                changes.unsure(held[message.message_id], attempt, "interrupted", parts)
            await changes.write(tx, batch.network_id)
    for message, attempt in unsure:
        await _settle_unknown(parts, batch, message, attempt, now)
    return {message.message_id for message, _ in (*died, *unsure)}


async def _settle_unknown(
    parts: Parts, batch: Batch, message: Message, attempt: Attempt, now: datetime
) -> None:
    """Ask the provider where it can tell; else wait for a status until the budget ends, then ask for a person."""
    letter = await _sent_letter(parts, message, attempt)
    found: Known | Literal["cannot-tell"] | None = "cannot-tell"
    if letter is not None:
        found = await parts.adapters[attempt.channel].find(letter, attempt.at)
    async with parts.database.transaction(batch.network_id) as tx:
        held = (await message_rows.of_ids(tx, batch.network_id, [message.message_id], lock=True))[
            message.message_id
        ]
        current = {
            one.attempt_id: one
            for one in (await attempt_rows.of_messages(tx, batch.network_id, [message.message_id]))[
                message.message_id
            ]
        }[attempt.attempt_id]
        changes = Changes(now)
        if current.outcome != "unknown" or held.outcome != "unknown":
            return
        if found == "cannot-tell":
            ends = budget_end(held, current.at)
            if ends > now:
                changes.message(held, due_at=ends)
            else:
                await changes.give_up_unknown(tx, held, current)
        elif found is None:
            changes.failed(held, replace(current, in_flight=False), "not-found-at-provider")
        else:
            current = replace(current, provider_id=found.provider_id)
            changes.delivery(held, current, found.delivery or "sent", None)
        await changes.write(tx, batch.network_id)


async def _sent_letter(parts: Parts, message: Message, attempt: Attempt) -> Letter | None:
    """What was sent, read from its seals; None where the patient was erased since."""
    async with parts.database.transaction(message.network_id) as tx:
        seals = await parts.sealer.existing(tx, message.network_id, [message.patient_id])
    seal = seals.get(message.patient_id)
    if seal is None or message.text is None or not attempt.address:
        return None
    body = seal.open(message.text, about="messages.text")
    to = seal.open(attempt.address, about="attempts.address")
    text = Text(tuple(body["lines"]), message.locale or "en")
    return Letter(str(attempt.attempt_id), message.network_id, to, message.template, text)
