"""Carrying out what a reply asks for, by whoever owns it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from common.contracts.booking import CancelAppointment
from common.contracts.consents import Given
from common.contracts.patient_profile import TaskKind
from common.errors import Refused
from notifications.operations.parts import Parts, by_reply
from notifications.operations.refusing import refuse_everything, refuse_invitations
from notifications.operations.replies import grouped, offers, questions
from notifications.operations.replies.binding import Heard, Meaning
from notifications.operations.replies.offers import Answered
from notifications.rules.understand import LOW_SCORE, VISIT
from notifications.tables.messages import Message

STOP_TEXT = "reply-1"


@dataclass(frozen=True)
class Result:
    """What was done about a reply, to be recorded: `understood_as`, the answer to the patient, the task for a person.

    With `hand_over` automation pauses besides, for that reason.
    """

    understood_as: str | None
    answer: str | None = None
    task: TaskKind | None = None
    reason: str = ""
    data: dict[str, Any] | None = None
    score: int | None = None
    hand_over: str | None = None


async def carry_out(parts: Parts, network_id: str, heard: Heard, meaning: Meaning) -> Result:
    if meaning.options:
        return Result(
            None, answer="which-one",
            data={
                "intent": meaning.intent,
                "appointments": [str(one.appointment_id) for one in meaning.options],
                "starts": [one.starts_at.isoformat() for one in meaning.options if one.starts_at],
            },
        )  # fmt: skip
    if meaning.score is not None:
        return _scored(meaning.score)
    answered = meaning.answered or offers.implied(meaning.intent, meaning.about)
    if answered is not None and meaning.about is not None:
        return await _answer_offer(parts, network_id, heard, meaning.about, answered)
    if meaning.about is not None and questions.invites(meaning.about) and meaning.intent in VISIT:
        return Result(None, answer="handover", task="call-back", reason="answered an invitation")
    match meaning.intent, meaning.about:
        case "confirm", Message(appointment_id=UUID()) as about:
            return await _confirm(parts, network_id, heard, about)
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


async def _answer_offer(
    parts: Parts, network_id: str, heard: Heard, question: Message, answered: Answered
) -> Result:
    """What was taken is told of by its owner; what is gone is said, with another way on."""
    refused = await offers.take(
        parts, network_id, question, answered, _command_id(heard), by=heard.written.channel
    )
    match answered.answer:
        case "accept":
            return Result("accept", answer="offer-gone" if refused else None)
        case "decline" if refused == "offer-over" or refused is None:
            return Result("decline")
        case "decline":
            return Result("decline", task="call-back", reason=f"decline refused: {refused}")
    if refused:
        return Result("choose", answer="move-link", task="wants-to-move", reason=f"displaced: {refused}")
    return Result("choose")


def _scored(score: int) -> Result:
    """Whoever was content is thanked; with the others a person goes on."""
    if score <= LOW_SCORE:
        return Result("score", answer="handover", score=score, hand_over="low score")
    return Result("score", answer="chat-thanks", score=score)


async def _confirm(parts: Parts, network_id: str, heard: Heard, about: Message) -> Result:
    refused = await grouped.confirm(parts, network_id, about, identity=heard.inbound_id)
    if refused is not None:
        return Result(None, task="reply-not-understood", reason=f"confirm refused: {refused}")
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
    if wholly:
        given = Given(text_version=STOP_TEXT, how="reply")
        command_id = uuid5(heard.inbound_id, "refuse")
        await refuse_everything(parts, network_id, about.patient_id, command_id=command_id, given=given)
        return Result("stop")
    await refuse_invitations(parts, network_id, about.patient_id, command_id=_command_id(heard), how="reply")
    return Result("stop", answer="stopped")


def _command_id(heard: Heard) -> UUID:
    """The same reply is the same command, however often it arrives."""
    return uuid5(heard.inbound_id, "command")
