"""Replies of patients: bound to what they answer, carried out by the owner, answered in the same conversation.

What is not clearly understood changes nothing, and a person is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common import telemetry
from common.contracts.booking import CancelAppointment, ConfirmAppointment, GetAppointments
from common.contracts.consents import Given, GrantPermissions, WithdrawPermission
from common.contracts.notifications import ReplyUnderstood
from common.contracts.patient_profile import TaskKind
from common.errors import Refused
from notifications.channels import Written
from notifications.operations.parts import Parts, by_reply, ourselves
from notifications.operations.planning import ACTIVE, answer
from notifications.operations.telling import Telling
from notifications.rules.understand import Intent, chosen, pressed, understand
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message
from notifications.tables.schema import inbound

QUESTION_STANDS = timedelta(hours=24)
STOP_TEXT = "reply-1"


@dataclass(frozen=True)
class Heard:
    """A reply with what it could be about: everything that was ever sent to its address, newest first."""

    inbound_id: UUID
    written: Written
    address_index: bytes
    attempts: Sequence[Attempt]
    messages: dict[UUID, Message]


@dataclass(frozen=True)
class Meaning:
    """What a reply asks for, about which message; `options` where it could be about several visits."""

    intent: Intent | None
    about: Message | None
    options: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Result:
    """What was done about a reply, to be recorded: `understood_as`, the answer to the patient, the task for a person."""

    understood_as: str | None
    answer: str | None = None
    task: TaskKind | None = None
    reason: str = ""
    data: dict[str, Any] | None = None


async def hear(parts: Parts, network_id: str, written: Written, *, now: datetime) -> None:
    """Understand one reply and carry it out. Raises `Unavailable` where an owner does not answer; then again."""
    inbound_id = uuid5(NAMESPACE_URL, f"{network_id}/{written.channel}/{written.provider_id}")
    index = parts.sealer.index(network_id, written.sender)
    async with parts.database.transaction(network_id) as tx:
        if await _known(tx, network_id, inbound_id):
            return
        sent = await attempt_rows.at_address(tx, network_id, index)
        messages = await message_rows.of_ids(tx, network_id, [one.message_id for one in sent])
    heard = Heard(inbound_id, written, index, sent, messages)
    meaning = _meaning(heard, await _upcoming(parts, network_id, heard, now), now)
    result = await _carry_out(parts, network_id, heard, meaning)
    await _record(parts, network_id, heard, meaning, result, now)
    parts.wakes.sending()


async def _known(tx: AsyncConnection, network_id: str, inbound_id: UUID) -> bool:
    query = sa.select(sa.literal(1)).where(
        inbound.c.network_id == network_id, inbound.c.inbound_id == inbound_id
    )
    return (await tx.execute(query)).first() is not None


async def _upcoming(parts: Parts, network_id: str, heard: Heard, now: datetime) -> dict[UUID, str]:
    """Visits ahead that were written about to this address, and how they stand with their owner now."""
    ids = {one.appointment_id for one in heard.attempts if one.appointment_id is not None}
    if not ids:
        return {}
    found = await parts.asks.ask(GetAppointments(appointment_ids=list(ids)), caller=ourselves(network_id))
    return {
        record.appointment.appointment_id: record.appointment.status
        for record in found.appointments
        if record.appointment.status in ACTIVE and record.appointment.starts_at > now
    }


def _meaning(heard: Heard, upcoming: dict[UUID, str], now: datetime) -> Meaning:
    """What it says and what it is about: the button's own visit, the message answered, or the only one open."""
    button = pressed(heard.written.payload) if heard.written.payload else None
    if button is not None:
        about = _newest(heard, lambda one: one.appointment_id == button.appointment_id)
        return Meaning(button.intent if about is not None else None, about)
    chosen_now = _chosen(heard, now)
    if chosen_now is not None:
        return chosen_now
    intent = understand(heard.written.text)
    answered = _answered(heard)
    if answered is not None and answered.appointment_id is not None:
        return Meaning(intent, answered)
    if intent in {"confirm", "move", "cancel"}:
        return _bound(heard, intent, upcoming)
    return Meaning(intent, next(iter(_by_newest(heard)), None))


def _bound(heard: Heard, intent: Intent | None, upcoming: dict[UUID, str]) -> Meaning:
    """Which visit words without a context are about: the open question, else the only visit ahead."""
    asked = {
        one.appointment_id
        for one in heard.messages.values()
        if one.appointment_id in upcoming
        and one.data.get("asked_confirm")
        and upcoming[one.appointment_id] == "booked"
    }
    candidates = (asked if intent == "confirm" and asked else set(upcoming)) - {None}
    abouts = [
        _newest(heard, lambda one, wanted=wanted: one.appointment_id == wanted) for wanted in candidates
    ]
    options = sorted(
        (one for one in abouts if one is not None), key=lambda one: one.starts_at or one.target_at
    )
    if len(options) == 1:
        return Meaning(intent, options[0])
    if options:
        return Meaning(intent, None, tuple(options))
    return Meaning(None, next(iter(_by_newest(heard)), None))


def _chosen(heard: Heard, now: datetime) -> Meaning | None:
    """A number that picks from the question which visit was meant, while that question stands."""
    for message in _by_newest(heard):
        if message.template != "which-one" or now - message.created_at > QUESTION_STANDS:
            continue
        listed = [UUID(each) for each in message.data["appointments"]]
        place = chosen(heard.written.text, len(listed))
        if place is None:
            return None
        about = _newest(heard, lambda one, wanted=listed[place]: one.appointment_id == wanted)
        return Meaning(message.data["intent"], about)
    return None


def _answered(heard: Heard) -> Message | None:
    if heard.written.answers is None:
        return None
    attempt = next((one for one in heard.attempts if one.provider_id == heard.written.answers), None)
    return heard.messages.get(attempt.message_id) if attempt else None


def _by_newest(heard: Heard) -> list[Message]:
    return [heard.messages[one.message_id] for one in heard.attempts if one.message_id in heard.messages]


def _newest(heard: Heard, wanted: Any) -> Message | None:
    return next((one for one in _by_newest(heard) if wanted(one) and one.template != "which-one"), None)


# --- carrying it out --------------------------------------------------------------------------------------


async def _carry_out(parts: Parts, network_id: str, heard: Heard, meaning: Meaning) -> Result:
    if meaning.options:
        return Result(
            None, answer="which-one",
            data={
                "intent": meaning.intent,
                "appointments": [str(one.appointment_id) for one in meaning.options],
                "starts": [one.starts_at.isoformat() for one in meaning.options if one.starts_at],
            },
        )  # fmt: skip
    match meaning.intent, meaning.about:
        case "confirm", Message(appointment_id=UUID() as appointment_id):
            return await _confirm(parts, network_id, heard, appointment_id)
        case "cancel", Message(appointment_id=UUID() as appointment_id):
            return await _cancel(parts, network_id, heard, appointment_id)
        case "move", Message(appointment_id=UUID()):
            return Result("move", answer="move-link", task="wants-to-move", reason="asked by reply")
        case ("stop" | "stop-all") as stop, Message() as about:
            return await _stop(parts, network_id, heard, about, wholly=stop == "stop-all")
        case "operator", _:
            return Result("operator", answer="handover", task="handover", reason="asked for a person")
        case _:
            return Result(None, task="reply-not-understood", reason="reply not understood")


async def _confirm(parts: Parts, network_id: str, heard: Heard, appointment_id: UUID) -> Result:
    command = ConfirmAppointment(command_id=_command_id(heard), appointment_id=appointment_id)
    try:
        await parts.asks.ask(command, caller=by_reply(network_id))
    except Refused as refusal:
        return Result(None, task="reply-not-understood", reason=f"confirm refused: {refusal.refusal}")
    return Result("confirm", answer="thanks")


async def _cancel(parts: Parts, network_id: str, heard: Heard, appointment_id: UUID) -> Result:
    command = CancelAppointment(
        command_id=_command_id(heard), appointment_id=appointment_id, reason="patient-by-reply"
    )
    try:
        await parts.asks.ask(command, caller=by_reply(network_id))
    except Refused as refusal:
        return Result("cancel", task="call-back", reason=f"cancel refused: {refusal.refusal}")
    return Result("cancel")


async def _stop(parts: Parts, network_id: str, heard: Heard, about: Message, *, wholly: bool) -> Result:
    """Invitations stop; where the words say so, reminders too."""
    caller = ourselves(network_id)
    try:
        if wholly:
            await parts.asks.ask(
                GrantPermissions(
                    command_id=uuid5(heard.inbound_id, "refuse"), patient_id=about.patient_id,
                    refusals=["service", "marketing"], given=Given(text_version=STOP_TEXT, how="reply"),
                ),
                caller=caller,
            )  # fmt: skip
        else:
            await parts.asks.ask(
                WithdrawPermission(
                    command_id=_command_id(heard),
                    patient_id=about.patient_id,
                    purpose="marketing",
                    how="reply",
                ),
                caller=caller,
            )
    except Refused as refusal:
        telemetry.log().info("nothing to withdraw", code=refusal.refusal)
    return Result("stop", answer=None if wholly else "stopped")


def _command_id(heard: Heard) -> UUID:
    """The same reply is the same command, however often it arrives."""
    return uuid5(heard.inbound_id, "command")


async def _record(
    parts: Parts, network_id: str, heard: Heard, meaning: Meaning, result: Result, now: datetime
) -> None:
    about = meaning.about or (meaning.options[0] if meaning.options else next(iter(_by_newest(heard)), None))
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
    if await _known(tx, network_id, heard.inbound_id):
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
