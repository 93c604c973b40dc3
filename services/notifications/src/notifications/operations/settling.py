"""What earlier tries left behind: attempts that somebody died with, and unknown ones whose time has come."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.channels import Accepted, Known, Letter, Outcome, Refused
from notifications.operations import asking, composing, deciding
from notifications.operations.batch import Batch
from notifications.operations.budgets import budget_end, expires_at
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
            if _cut_off(attempt):
                died.append((message, attempt))
            elif attempt.outcome == "unknown" and message.outcome == "unknown":
                unsure.append((message, attempt))
    if died:
        await _interrupted(parts, batch.network_id, list({one.message_id for one, _ in died}), now)
    for message, attempt in unsure:
        await settle_unknown(parts, batch, message, attempt, now)
    return {message.message_id for message, _ in (*died, *unsure)}


async def _interrupted(parts: Parts, network_id: str, message_ids: Sequence[UUID], now: datetime) -> None:
    """Looked at again under the lock: whoever seemed dead may have written its answer by now."""
    async with parts.database.transaction(network_id) as tx:
        held = await message_rows.of_ids(tx, network_id, message_ids, lock=True)
        tried = await attempt_rows.of_messages(tx, network_id, message_ids)
        changes = Changes(now)
        for message_id in message_ids:
            for attempt in tried[message_id]:
                if _cut_off(attempt):
                    changes.unsure(changes.standing(held[message_id]), attempt, "interrupted", parts)
        await changes.write(tx, network_id)


def _cut_off(attempt: Attempt) -> bool:
    return attempt.outcome == "open" and attempt.in_flight


async def settle_unknown(
    parts: Parts, batch: Batch, message: Message, attempt: Attempt, now: datetime
) -> None:
    """By a look-up or by sending it again, where the provider allows; else a status tells until the budget ends, and
    after it a person has to find out, unless another channel has the message."""
    letter, others = await _sent_letter(parts, message, attempt)
    found: Found = "cannot-tell"
    if letter is not None:
        found = await _found(parts, batch, message, attempt, letter, others, now)
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


NOT_FOUND = "not-found-at-provider"


class UnwantedError(Exception):
    """It is not to be sent again."""


async def _found(
    parts: Parts, batch: Batch, message: Message, attempt: Attempt, letter: Letter, others: Collection[str],
    now: datetime,
) -> Found:  # fmt: skip
    adapter = parts.adapters[attempt.channel]
    if not adapter.repeatable:
        return await adapter.find(letter, attempt.at, others)

    async def leaving() -> None:
        if not await _still_wanted(parts, batch, message, attempt, now):
            raise UnwantedError

    try:
        await leaving()
        return await adapter.send(letter, leaving)
    except UnwantedError:
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
        case None if current.reason == NOT_FOUND:
            changes.failed(held, current, NOT_FOUND)
        case None:  # it may be on its way into their list: a second look decides
            changes.attempt(current, reason=NOT_FOUND)
            if held.outcome == "unknown":
                changes.message(held, due_at=now + LOOK_UP_AFTER, leased_until=None)
        case _ if held.outcome == "unknown":
            ends = budget_end(held, current.at)
            if ends <= now:
                await changes.give_up_unknown(tx, held, current)
            elif parts.adapters[current.channel].repeatable:
                changes.message(held, due_at=min(ends, now + LOOK_UP_AFTER), leased_until=None)
            else:
                changes.message(held, due_at=ends, leased_until=None)


async def _sent_letter(
    parts: Parts, message: Message, attempt: Attempt
) -> tuple[Letter | None, Collection[str]]:
    """What was sent, read from its seals (None where the patient was erased since), and the provider's ids of what else
    went to that address."""
    async with parts.database.transaction(message.network_id) as tx:
        seals = await parts.sealer.existing(tx, message.network_id, [message.patient_id])
        own = await attempt_texts.of_messages(tx, message.network_id, [message.message_id])
        there = await attempt_rows.at_address(tx, message.network_id, attempt.address_index)
    seal = seals.get(message.patient_id)
    said = own.get(attempt.attempt_id, message.text)
    if seal is None or said is None or not attempt.address:
        return None, ()
    to = seal.open(attempt.address, about="attempts.address")
    text = composing.unsealed(said, message.locale or "en", seal)
    letter = Letter(
        str(attempt.attempt_id), message.network_id, to, message.template, text,
        free=message.only_channel is not None, expires_at=expires_at(message),
    )  # fmt: skip
    others = {one.provider_id for one in there if one.provider_id and one.attempt_id != attempt.attempt_id}
    return letter, others
