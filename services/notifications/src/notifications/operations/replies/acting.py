"""Carrying out what a reply asks for, by whoever owns it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from common import telemetry
from common.contracts.booking import CancelAppointment, ConfirmAppointment
from common.contracts.consents import Given, GrantPermissions, WithdrawPermission
from common.contracts.patient_profile import TaskKind
from common.errors import Refused
from notifications.operations.parts import Parts, by_reply, ourselves
from notifications.operations.replies import offers
from notifications.operations.replies.binding import Heard, Meaning
from notifications.operations.replies.offers import Answered
from notifications.tables.messages import Message

STOP_TEXT = "reply-1"


@dataclass(frozen=True)
class Result:
    """What was done about a reply, to be recorded: `understood_as`, the answer to the patient, the task for a person."""

    understood_as: str | None
    answer: str | None = None
    task: TaskKind | None = None
    reason: str = ""
    data: dict[str, Any] | None = None


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
    answered = meaning.answered or offers.implied(meaning.intent, meaning.about)
    if answered is not None and meaning.about is not None:
        return await _answer_offer(parts, network_id, heard, meaning.about, answered)
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
    refused = await offers.take(parts, network_id, question, answered, _command_id(heard))
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


async def _confirm(parts: Parts, network_id: str, heard: Heard, about: Message) -> Result:
    """Whoever answers a message about several visits of a day comes to all of them."""
    listed = [UUID(one["appointment_id"]) for one in about.data.get("also", ())]
    for appointment_id in (about.appointment_id, *listed):
        assert appointment_id is not None
        command_id = uuid5(heard.inbound_id, "command" if not listed else f"command {appointment_id}")
        command = ConfirmAppointment(command_id=command_id, appointment_id=appointment_id)
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
