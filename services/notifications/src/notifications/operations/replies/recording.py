"""What is kept of a message: its words, what was understood, what is said about it, the task for a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import ReplyUnderstood, SurveyAnswered
from notifications.operations.conversations import handover, keeping
from notifications.operations.conversations.talking import Talked
from notifications.operations.parts import Parts
from notifications.operations.planning import answer as answering
from notifications.operations.replies.acting import Result
from notifications.operations.replies.binding import Heard, Meaning, by_newest
from notifications.operations.replies.questions import ANSWERED
from notifications.operations.telling import Telling
from notifications.tables import messages as message_rows
from notifications.tables.conversations import Thread
from notifications.tables.messages import Message
from notifications.tables.schema import inbound

TALKED = "chat"
"""What a turn of a dialogue is understood as."""


@dataclass(frozen=True)
class Answer:
    """What is done about a message: the result of a reply, a turn of a dialogue, or that it waits for a person."""

    result: Result
    talked: Talked | None = None
    waits: bool = False


async def known(tx: AsyncConnection, network_id: str, inbound_id: UUID) -> bool:
    """Whether this message was recorded before."""
    query = sa.select(sa.literal(1)).where(
        inbound.c.network_id == network_id, inbound.c.inbound_id == inbound_id
    )
    return (await tx.execute(query)).first() is not None


async def record(
    parts: Parts, thread: Thread, heard: Heard, meaning: Meaning, answer: Answer, now: datetime
) -> None:
    """All of it in one transaction; the second time nothing."""
    network_id = thread.network_id
    about = meaning.about or (meaning.options[0] if meaning.options else next(iter(by_newest(heard)), None))
    async with parts.database.transaction(network_id) as tx:
        if await known(tx, network_id, heard.inbound_id):
            return
        patient_id = about.patient_id if about else _only(answer)
        await _store(parts, tx, network_id, heard, patient_id, meaning, answer.result, now)
        if meaning.picked_from is not None:
            await _close(tx, meaning.picked_from, heard)
        telling = Telling(now)
        await _tell(tx, telling, network_id, heard, about, answer.result, now)
        await _keep(parts, tx, telling, thread, heard, patient_id, about, answer, now)
        await telling.write(tx)


async def _close(tx: AsyncConnection, question: Message, heard: Heard) -> None:
    """It was answered: a later number is an answer to something else."""
    data = {**question.data, ANSWERED: str(heard.inbound_id)}
    await message_rows.update(tx, question.network_id, [{"message_id": question.message_id, "data": data}])


def _only(answer: Answer) -> UUID | None:
    """The patient whose thread it is, where it is one's alone."""
    bound = answer.talked.bound if answer.talked else frozenset()
    return next(iter(bound)) if len(bound) == 1 else None


async def _tell(
    tx: AsyncConnection, telling: Telling, network_id: str, heard: Heard, about: Message | None, result: Result,
    now: datetime,
) -> None:  # fmt: skip
    if about is not None:
        if result.score is not None:
            telling.event(
                SurveyAnswered(
                    network_id=network_id, occurred_at=now, version=1, inbound_id=heard.inbound_id,
                    message_id=about.message_id, patient_id=about.patient_id, appointment_id=about.appointment_id,
                    score=result.score,
                )
            )  # fmt: skip
        elif result.understood_as not in {None, TALKED}:
            telling.event(
                ReplyUnderstood(
                    network_id=network_id, occurred_at=now, version=1, inbound_id=heard.inbound_id,
                    patient_id=about.patient_id, appointment_id=about.appointment_id,
                    intent=result.understood_as,
                )
            )  # fmt: skip
        if result.answer is not None:
            reply = answering(about, result.answer, channel=heard.written.channel, now=now, data=result.data)
            await message_rows.insert(tx, [reply])
    if result.task is not None:
        telling.person(network_id, about, result.task, result.reason, identity=heard.inbound_id)


async def _keep(
    parts: Parts, tx: AsyncConnection, telling: Telling, thread: Thread, heard: Heard, patient_id: UUID | None,
    about: Message | None, answer: Answer, now: datetime,
) -> None:  # fmt: skip
    """The thread after this message; its turn ends here."""
    changed: dict[str, Any] = {"turn_of": None, "turn_since": None, "heard_at": now}
    bound = {*thread.patient_ids, *(one.patient_id for one in heard.attempts)}
    if answer.waits:
        changed["waiting_since"] = thread.waiting_since or now
    if about is not None and thread.branch_id is None:
        changed["branch_id"] = about.branch_id
    if answer.talked is not None:
        bound |= answer.talked.bound
        changed |= await _talked(parts, tx, telling, thread, heard, patient_id, about, answer.talked, now)
    elif not answer.waits:
        changed |= {"dialogue": None, "due_at": None}
    if answer.result.hand_over is not None and thread.paused_at is None:
        changed |= handover.take_over(
            telling, thread, answer.result.hand_over, identity=heard.inbound_id, patient_id=patient_id,
            branch_id=about.branch_id if about else None, now=now,
        )  # fmt: skip
    await keeping.change(tx, thread, telling, now=now, **changed, patient_ids=sorted(bound))


async def _talked(
    parts: Parts, tx: AsyncConnection, telling: Telling, thread: Thread, heard: Heard, patient_id: UUID | None,
    about: Message | None, talked: Talked, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Say what the dialogue says, remember where it stands, and hand over where it has to."""
    turn = talked.turn
    seal = await parts.sealer.of(tx, thread.network_id, thread.thread_id)
    if talked.text is not None:
        await keeping.say(
            tx, thread, seal, talked.text, identity=heard.inbound_id, author=keeping.AUTOMATION, now=now
        )
    branch_id = talked.branch_id or (about.branch_id if about else None) or thread.branch_id
    changed: dict[str, Any] = {"locale": talked.locale, "branch_id": branch_id}
    changed |= keeping.to_remember(None if turn.handover else turn.state, seal, now=now)
    if turn.handover is not None:
        whom: dict[str, Any] = {
            "identity": heard.inbound_id,
            "patient_id": patient_id,
            "branch_id": branch_id,
            "now": now,
        }
        if turn.task == "handover":
            changed |= handover.take_over(telling, thread, turn.handover, **whom)
        else:
            handover.ask_for_call(telling, thread, turn.handover, kind=turn.task, **whom)
    return changed


async def _store(
    parts: Parts, tx: AsyncConnection, network_id: str, heard: Heard, patient_id: UUID | None, meaning: Meaning,
    result: Result, now: datetime,
) -> None:  # fmt: skip
    seal = parts.sealer.service
    if patient_id is not None:
        seal = await parts.sealer.of(tx, network_id, patient_id)
    await tx.execute(
        sa.insert(inbound),
        {
            "network_id": network_id, "inbound_id": heard.inbound_id, "channel": heard.written.channel,
            "patient_id": patient_id,
            "appointment_id": meaning.about.appointment_id if meaning.about else None,
            "address_index": heard.address_index, "at": now,
            "text": seal.close(heard.written.text or heard.written.contact or "", about="inbound.text"), "understood_as": result.understood_as,
        },
    )  # fmt: skip
