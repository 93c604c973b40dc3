"""What earlier tries left behind: attempts that somebody died with, and unknown ones whose time has come."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.channels import Accepted, Known, Letter, Outcome, Refused
from notifications.operations import asking, composing, deciding
from notifications.operations.batch import Batch
from notifications.operations.budgets import budget_end
from notifications.operations.changes import LOOK_UP_AFTER, Changes
from notifications.operations.parts import Parts
from notifications.tables import attempt_texts
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
        await settle_unknown(parts, batch, message, attempt, now)
    return {message.message_id for message, _ in (*died, *unsure)}


async def settle_unknown(
    parts: Parts, batch: Batch, message: Message, attempt: Attempt, now: datetime
) -> None:
    """By a look-up or by sending it again, where the provider allows; else a status tells until the budget ends, and
    after it a person has to find out, unless another channel has the message."""
    letter = await _sent_letter(parts, message, attempt)
    found = await _found(parts, batch, message, attempt, letter, now) if letter is not None else "cannot-tell"
    async with parts.database.transaction(batch.network_id) as tx:
        held = (await message_rows.of_ids(tx, batch.network_id, [message.message_id], lock=True))[
            message.message_id
        ]
        tried = (await attempt_rows.of_messages(tx, batch.network_id, [message.message_id]))[
            message.message_id
        ]
        current = next(one for one in tried if one.attempt_id == attempt.attempt_id)
        if current.outcome != "unknown" or held.outcome not in ("unknown", *ELSEWHERE):
            return
        changes = Changes(now)
        await _settled(parts, tx, changes, held, current, found, now)
        await changes.write(tx, batch.network_id)


ELSEWHERE = ("accepted", "delivered", "read")
"""How a message stands that another channel has."""
Found = Known | Outcome | Literal["cannot-tell"] | None


async def _found(
    parts: Parts, batch: Batch, message: Message, attempt: Attempt, letter: Letter, now: datetime
) -> Found:
    adapter = parts.adapters[attempt.channel]
    if not adapter.repeatable:
        return await adapter.find(letter, attempt.at)
    if await _still_wanted(parts, batch, message, attempt, now):
        return await adapter.send(letter)
    return "cannot-tell"


async def _still_wanted(
    parts: Parts, batch: Batch, message: Message, attempt: Attempt, now: datetime
) -> bool:
    """Sending again is sending: it is decided about as if it were the first time. Raises `Unavailable`."""
    questions = {
        message.message_id: deciding.question(message, batch.around, parts.offered(batch.network_id))
    }
    answers = await asking.ask(parts, batch.network_id, [message], questions)
    others = [one for one in batch.attempts[message.message_id] if one.attempt_id != attempt.attempt_id]
    verdict = deciding.verdict(
        message, others, batch.around, answers, parts.offered(batch.network_id), now=now
    )
    return verdict.action == "send" and attempt.channel in verdict.channels


async def _settled(
    parts: Parts, tx: AsyncConnection, changes: Changes, held: Message, current: Attempt, found: Found,
    now: datetime,
) -> None:  # fmt: skip
    match found:
        case Known(provider_id=provider_id, delivery=delivery):
            known = replace(current, provider_id=provider_id)
            changes.delivery(held, known, delivery or "sent", None)
        case Accepted():
            changes.accepted(held, current, found)
        case Refused(reason=reason):
            changes.failed(held, current, reason)
        case None:
            changes.failed(held, current, "not-found-at-provider")
        case _ if held.outcome == "unknown":
            ends = budget_end(held, current.at)
            if ends <= now:
                await changes.give_up_unknown(tx, held, current)
            elif parts.adapters[current.channel].repeatable:
                changes.message(held, due_at=min(ends, now + LOOK_UP_AFTER))
            else:
                changes.message(held, due_at=ends)


async def _sent_letter(parts: Parts, message: Message, attempt: Attempt) -> Letter | None:
    """What was sent, read from its seals; None where the patient was erased since."""
    async with parts.database.transaction(message.network_id) as tx:
        seals = await parts.sealer.existing(tx, message.network_id, [message.patient_id])
        own = await attempt_texts.of_messages(tx, message.network_id, [message.message_id])
    seal = seals.get(message.patient_id)
    said = own.get(attempt.attempt_id, message.text)
    if seal is None or said is None or not attempt.address:
        return None
    to = seal.open(attempt.address, about="attempts.address")
    text = composing.unsealed(said, message.locale or "en", seal)
    return Letter(
        str(attempt.attempt_id), message.network_id, to, message.template, text,
        free=message.only_channel is not None,
    )  # fmt: skip
