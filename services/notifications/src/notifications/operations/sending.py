"""Due messages: decided, written as attempts, handed to a provider, and recorded, each in its own transaction.

The attempt is committed before the call. Whatever died between that commit and the record of the answer is `unknown`
when its lease has run out, and is never sent again by itself.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncConnection

from common import telemetry
from common.contracts.patient_profile import Channel
from common.ids import new_id
from common.sealed import Seal
from notifications.channels import Accepted, Letter, NotReached, Outcome, Refused, TooMany, Unsure
from notifications.operations import asking, beside, composing, deciding, enclosing, limits, own_words
from notifications.operations.batch import Batch
from notifications.operations.budgets import expires_at
from notifications.operations.changes import Changes, Sending
from notifications.operations.parts import Parts
from notifications.operations.rechecking import AskAgain, decided, look_again
from notifications.operations.settling import settle_old
from notifications.operations.wordings.leaving import as_leaves
from notifications.rules import facts
from notifications.rules.values import Verdict
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message

AT_ONCE = 32
"""Calls of one batch under way at the same time."""
CALLED = ("open", "unknown")
"""How an attempt stands whose call nobody but its caller knows of: he may have been taken for dead meanwhile."""


async def send_due(parts: Parts, network_id: str, ids: Sequence[UUID]) -> None:
    """Work off one claimed batch. Raises `Unavailable` where an owner does not answer: nothing was sent then."""
    now = parts.clock.now()
    batch = await _read(parts, network_id, ids)
    settled = await settle_old(parts, batch, now)
    for message_id in settled:
        del batch.messages[message_id]
    if not batch.messages:
        return
    if settled:  # which may have taken a while
        await look_again(parts, batch)
    await _ask(parts, batch)
    outgoing = await _decide_and_write(parts, batch, now)
    outcomes = await _call(parts, batch, outgoing)
    await _record(parts, network_id, outcomes, parts.clock.now())


async def _read(parts: Parts, network_id: str, ids: Sequence[UUID]) -> Batch:
    async with parts.database.transaction(network_id) as tx:
        found = await message_rows.of_ids(tx, network_id, ids)
        found = {key: one for key, one in found.items() if one.due_at is not None}
        tried = await attempt_rows.of_messages(tx, network_id, list(found))
        around = await deciding.surroundings(tx, network_id, list(found.values()))
    return Batch(network_id, found, tried, around)


async def _ask(parts: Parts, batch: Batch) -> None:
    messages = list(batch.messages.values())
    batch.questions = {
        one.message_id: deciding.question(one, batch.around, parts.offered(batch.network_id))
        for one in messages
    }
    batch.answers = await asking.ask(parts, batch.network_id, messages, batch.questions)


# --- deciding, and writing the attempt --------------------------------------------------------------------


async def _decide_and_write(parts: Parts, batch: Batch, now: datetime) -> list[Sending]:
    async with parts.database.transaction(batch.network_id) as tx:
        held = await message_rows.of_ids(tx, batch.network_id, list(batch.messages), lock=True)
        patients = list({one.patient_id for one in held.values()})
        seals = await parts.sealer.of_many(tx, batch.network_id, patients)
        changes = Changes(now)
        sendings: list[Sending] = []
        for message_id, seen in batch.messages.items():
            message = held.get(message_id)
            if message is None or message.due_at is None or message.outcome != seen.outcome:
                continue  # cancelled, confirmed or worked off meanwhile
            tried = batch.attempts.get(message_id, [])
            try:
                verdict = decided(parts, batch, message, tried, now)
                if verdict.action == "send":
                    seal = seals[message.patient_id]
                    sendings += [
                        _opened(parts, batch, message, verdict, one, seal, now) for one in verdict.channels
                    ]
                    continue
            except Exception as error:  # noqa: BLE001 - one bad record must not stop the messages after it
                telemetry.log().error(
                    "message cannot be made", message=str(message_id), error=telemetry.where(error)
                )
                await changes.broken(tx, message, tried)
                continue
            if verdict.action == "wait":
                changes.wait(message, verdict)
            else:
                await changes.drop(tx, message, tried, verdict)
        for sending in reversed(sendings):  # a message keeps the text of the first of its channels
            changes.sending(sending)
        await _write_attempts(tx, batch.network_id, [one.attempt for one in sendings])
        await own_words.keep_apart(tx, batch.network_id, held, sendings)
        await changes.write(tx, batch.network_id)
    return sendings


def _opened(
    parts: Parts,
    batch: Batch,
    message: Message,
    verdict: Verdict,
    channel: Channel,
    seal: Seal,
    now: datetime,
) -> Sending:
    """The letter, and the attempt that is written before it leaves: a new one, or the one that never got there."""
    assert batch.answers is not None
    card = batch.answers.cards[message.patient_id]
    to = facts.address(card, channel) or ""
    record = batch.answers.appointments.get(message.appointment_id) if message.appointment_id else None
    asks = deciding.still_asks(message, batch.answers)
    text = composing.composed(
        message, card, record, batch.around, parts.links, parts.public_url,
        asks=asks, by_buttons=parts.adapters[channel].buttons, aloud=channel == "voice",
        form=composing.form_for(card, channel), others=composing.others_of(message, batch.answers),
        matter=batch.answers.matters.get(message.message_id), now=now,
    )  # fmt: skip
    text, charge = as_leaves(text, batch.around.network.country, channel, now.date())
    known = _open_attempt(batch.attempts.get(message.message_id, []), channel)
    attempt = replace(known, tries=known.tries + 1, in_flight=True) if known is not None else Attempt(
        network_id=batch.network_id, attempt_id=new_id(), message_id=message.message_id,
        patient_id=message.patient_id, appointment_id=message.appointment_id, channel=channel, outcome="open",
        delivery="none", in_flight=True, tries=1, at=now, address=seal.close(to, about="attempts.address"),
        address_index=parts.sealer.index(batch.network_id, to), provider_id=None, reason=None,
        trace_id=_trace_id(message), segments=charge.counted.segments if charge else None,
        cost=charge.amount if charge else None, currency=charge.currency if charge else None,
    )  # fmt: skip
    told = replace(
        message, text=composing.sealed(text, seal), locale=text.locale,
        data={**message.data, "asked_confirm": asks}, template_version=text.version,
    )  # fmt: skip
    enclosure = (
        enclosing.enclosed(message, text, record, batch.around, parts, to, now=now)
        if channel == "email"
        else None
    )
    letter = Letter(
        str(attempt.attempt_id), batch.network_id, to, message.template, text,
        free=message.only_channel is not None, enclosure=enclosure, expires_at=expires_at(message),
    )  # fmt: skip
    return Sending(told, attempt, letter, verdict)


def _trace_id(message: Message) -> str | None:
    return message.traceparent.split("-")[1] if message.traceparent else None


async def _write_attempts(tx: AsyncConnection, network_id: str, attempts: Sequence[Attempt]) -> None:
    await attempt_rows.insert(tx, [one for one in attempts if one.tries == 1])
    await attempt_rows.update(
        tx, network_id,
        [
            {"attempt_id": one.attempt_id, "in_flight": True, "tries": one.tries}
            for one in attempts if one.tries > 1
        ],
    )  # fmt: skip


def _open_attempt(tried: Sequence[Attempt], channel: Channel) -> Attempt | None:
    return next((one for one in tried if one.channel == channel and one.outcome == "open"), None)


# --- calling ----------------------------------------------------------------------------------------------


async def _call(
    parts: Parts, batch: Batch, outgoing: Sequence[Sending]
) -> list[tuple[Sending, Outcome | Verdict]]:
    """Every provider at the same time, within bounds. What turns out not to be wanted any more is not sent."""
    places = asyncio.Semaphore(AT_ONCE)
    again = AskAgain(parts, batch, outgoing)
    limited: dict[Channel, TooMany] = {}  # whoever has refused one of them is not bothered with the others

    async def one(sending: Sending) -> tuple[Sending, Outcome | Verdict]:
        async with places:
            refused = await again.still_wanted(sending)
            if refused is not None:
                return sending, refused
            with telemetry.span(
                f"send {sending.attempt.channel}", SpanKind.CLIENT, parent=sending.message.traceparent,
                reference=sending.letter.reference,
            ):  # fmt: skip
                outcome = limited.get(sending.attempt.channel) or await again.hand_over(sending)
            if isinstance(outcome, TooMany):
                limited[sending.attempt.channel] = outcome
            return sending, outcome

    return await asyncio.gather(*(one(sending) for sending in outgoing))


# --- recording --------------------------------------------------------------------------------------------


async def _record(
    parts: Parts, network_id: str, outcomes: Sequence[tuple[Sending, Outcome | Verdict]], now: datetime
) -> None:
    if not outcomes:
        return
    async with parts.database.transaction(network_id) as tx:
        ids = [sending.message.message_id for sending, _ in outcomes]
        held = await message_rows.of_ids(tx, network_id, ids, lock=True)
        tried = await attempt_rows.of_messages(tx, network_id, ids)
        changes = Changes(now)
        limited = await limits.learn(tx, network_id, _said(outcomes), now=now)
        for sending, outcome in sorted(outcomes, key=_weight):
            message = changes.standing(held[sending.message.message_id])
            attempt = next(
                one for one in tried[message.message_id] if one.attempt_id == sending.attempt.attempt_id
            )
            if attempt.outcome not in CALLED:  # a status was faster than the answer
                if isinstance(outcome, Accepted) and attempt.provider_id is None:
                    changes.attempt(attempt, provider_id=outcome.provider_id, in_flight=False)
                continue
            if attempt.outcome == "unknown":
                message, attempt = _not_dead(message, attempt)
            await changes.record(tx, message, attempt, outcome, tried[message.message_id], parts, limited)
        await changes.write(tx, network_id)
        await beside.plan(tx, parts, network_id, outcomes, now=now)


def _not_dead(message: Message, attempt: Attempt) -> tuple[Message, Attempt]:
    """As they stood before somebody took us for dead."""
    held = replace(message, outcome="sending") if message.outcome == "unknown" else message
    return held, replace(attempt, outcome="open")


def _weight(outcome: tuple[Sending, Outcome | Verdict]) -> int:
    """Of several channels at once, what says most about the message comes first: others change nothing of it then."""
    order: tuple[type, ...] = (Accepted, Unsure, TooMany, NotReached, Verdict, Refused)
    return order.index(type(outcome[1]))


def _said(
    outcomes: Sequence[tuple[Sending, Outcome | Verdict]],
) -> Iterator[tuple[Channel, Outcome]]:
    for sending, outcome in outcomes:
        if not isinstance(outcome, Verdict):
            yield sending.attempt.channel, outcome
