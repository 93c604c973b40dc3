"""What was put into threads, handed to the provider: at most once.

`sending` is committed before the call. Whatever is found so afterwards was cut off: its answer is unknown, and it is
never said again by itself, but where the provider takes one reference once. What did not get through is left to a
person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import telemetry
from common.contracts.patient_profile import Channel
from notifications.channels import Accepted, Letter, NotReached, Outcome, Refused, Status, TooMany, Unsure
from notifications.operations import limits
from notifications.operations.conversations import handover, keeping
from notifications.operations.parts import Parts
from notifications.operations.telling import Telling
from notifications.tables import conversations
from notifications.tables.attempts import FORWARD
from notifications.tables.conversations import Thread, Utterance

KEPT_TRYING = timedelta(minutes=30)
FIRST_PAUSE = timedelta(seconds=5)
DELIVERY = {"planned": 0, "sending": 0, "unknown": 0, "accepted": 1, "failed": 2, "delivered": 3, "read": 4}


async def say_due(parts: Parts, network_id: str, ids: Sequence[UUID]) -> None:
    """Work off one claimed batch, in the order in which it was said."""
    now = parts.clock.now()
    async with parts.database.transaction(network_id) as tx:
        claimed = await conversations.utterances_of_ids(tx, network_id, ids, lock=True)
        paused = await limits.pauses(tx, network_id)
        saying = [one for one in [await _begun(tx, parts, said, paused, now) for said in claimed] if one]
    for said, thread in saying:
        await _say(parts, said, thread)


async def _begun(
    tx: AsyncConnection, parts: Parts, said: Utterance, paused: Mapping[Channel, datetime], now: datetime
) -> tuple[Utterance, Thread] | None:
    """What is to be said now: not while its provider waits, nor what may have been said, but where that is safe."""
    thread = await conversations.thread(tx, said.network_id, said.thread_id)
    if thread is None or said.outcome not in {"planned", "sending"}:
        return None  # erased meanwhile, with everything that was said in it; or settled by a status
    if said.outcome == "sending" and not parts.adapters[thread.channel].repeatable:
        await _end(tx, parts, said, "unknown", "interrupted", now)
        return None
    until = paused.get(thread.channel, now)
    if until > now:
        await conversations.settle(tx, said, outcome="planned", due_at=until, leased_until=None)
        return None
    await conversations.settle(tx, said, outcome="sending")
    return said, thread


async def _say(parts: Parts, said: Utterance, thread: Thread) -> None:
    async with parts.database.reading(said.network_id) as tx:
        seals = await parts.sealer.existing(tx, said.network_id, [said.thread_id])
    seal = seals.get(said.thread_id)
    if seal is None:
        return
    letter = Letter(
        str(said.utterance_id), said.network_id, seal.open(thread.address, about="threads.address"), "chat",
        keeping.read(said, seal), free=True, by_person=said.author.startswith("staff:"),
    )  # fmt: skip
    with telemetry.span(f"say {thread.channel}", reference=letter.reference):
        outcome = await parts.adapters[thread.channel].send(letter)
    now = parts.clock.now()
    async with parts.database.transaction(said.network_id) as tx:
        limited = await limits.learn(tx, said.network_id, [(thread.channel, outcome)], now=now)
        again = limited[thread.channel].until if thread.channel in limited else now + FIRST_PAUSE
        for held in await conversations.utterances_of_ids(
            tx, said.network_id, [said.utterance_id], lock=True
        ):
            await _record(tx, parts, held, thread, outcome, again, now)


async def _record(
    tx: AsyncConnection, parts: Parts, said: Utterance, thread: Thread, outcome: Outcome, again: datetime, now: datetime,
) -> None:  # fmt: skip
    if said.outcome != "sending":  # a status was faster than the answer
        return
    trying = now - said.at < KEPT_TRYING
    match outcome:
        case Accepted(provider_id=provider_id):
            await conversations.settle(
                tx, said, outcome="accepted", provider_id=provider_id, due_at=None, reason=None
            )
        case Refused(reason=reason):
            await _end(tx, parts, said, "failed", reason, now)
        case TooMany() | NotReached() if trying:
            await conversations.settle(tx, said, outcome="planned", due_at=again, leased_until=None)
        case Unsure() if trying and parts.adapters[thread.channel].repeatable:
            await conversations.settle(tx, said, outcome="sending", due_at=again, leased_until=None)
        case TooMany() | NotReached():
            await _end(tx, parts, said, "failed", "not-reached", now)
        case _:
            await _end(tx, parts, said, "unknown", outcome.reason, now)


async def _end(
    tx: AsyncConnection, parts: Parts, said: Utterance, outcome: str, reason: str, now: datetime
) -> None:
    """It did not get through, or nobody knows: a person who waits for an answer must not wait in vain."""
    await conversations.settle(tx, said, outcome=outcome, reason=reason, due_at=None, leased_until=None)
    thread = await conversations.thread(tx, said.network_id, said.thread_id, lock=True)
    if thread is None:
        return
    telling = Telling(now)
    paused = {}
    if thread.paused_at is None:
        paused = handover.take_over(
            telling, thread, f"answer {outcome}", identity=said.utterance_id, patient_id=_only(thread),
            branch_id=thread.branch_id, now=now,
        )  # fmt: skip
    await keeping.change(tx, thread, telling, now=now, **paused)
    await telling.write(tx)
    parts.wakes.saying()


def _only(thread: Thread) -> UUID | None:
    return thread.patient_ids[0] if len(thread.patient_ids) == 1 else None


async def apply_statuses(
    tx: AsyncConnection, parts: Parts, network_id: str, statuses: Sequence[Status], *, now: datetime
) -> None:
    """Move utterances forward by what providers tell; what belongs to none of ours is passed over."""
    references = [UUID(one.reference) for one in statuses if one.reference and _is_uuid(one.reference)]
    found = await conversations.of_references(
        tx, network_id, references, [one.provider_id for one in statuses]
    )
    for said in found:
        own = [
            one
            for one in statuses
            if one.reference == str(said.utterance_id) or one.provider_id == said.provider_id
        ]
        furthest = max(own, key=lambda one: FORWARD[one.delivery])
        delivery = "accepted" if furthest.delivery == "sent" else furthest.delivery
        if DELIVERY[delivery] <= DELIVERY[said.outcome]:
            continue
        if delivery == "failed":
            await _end(tx, parts, said, "failed", furthest.reason or "undelivered", now)
        else:
            await conversations.settle(
                tx, said, outcome=delivery, provider_id=furthest.provider_id, due_at=None
            )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
