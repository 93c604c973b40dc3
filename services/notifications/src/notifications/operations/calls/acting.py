"""What a key does: orders to booking, and what the patient hears of them.

Orders have ids made of the call, so that a turn that died half-way is repeated without harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from common.contracts.booking import (
    AppointmentRecord,
    CancelAppointment,
    FindAlternatives,
    RescheduleAppointment,
    Slot,
)
from common.contracts.directory import Branch
from common.contracts.messages import Command
from common.contracts.patient_profile import TaskKind
from common.errors import Refused
from common.sealed import Seal
from notifications.operations.parts import Parts, by_reply
from notifications.operations.refusing import refuse_invitations
from notifications.operations.replies import grouped
from notifications.rules import speech
from notifications.rules.keypad import Pressed, Standing, pressed
from notifications.rules.speech import Speech, Spoken
from notifications.tables.calls import Call
from notifications.tables.messages import Message

OFFERED = 2
"""So many other times can be kept in mind while listening."""

Intent = Literal["confirm", "move", "cancel", "stop"]


@dataclass(frozen=True)
class Line:
    """A call of ours, what it is about, and the words of its patient's language."""

    call: Call
    message: Message
    branch: Branch
    seal: Seal
    spoken: Spoken


@dataclass(frozen=True)
class Reaction:
    """What a turn did: the words that follow, how the call stands then, and what others are told."""

    act: str
    speech: Speech
    call: Call
    intent: Intent | None = None
    task: TaskKind | None = None
    reason: str = ""


def picked_up(line: Line) -> Reaction:
    """The message itself, and the question where it asks one."""
    lines = () if line.message.text is None else _lines(line)
    if lines and line.message.message_class == "marketing":
        return Reaction(
            "invited", speech.invitation(line.spoken, *lines), replace(line.call, stage="invited")
        )
    if not lines or not line.message.data.get("asked_confirm"):
        return Reaction("said", Speech(lines), replace(line.call, stage="over"))
    return Reaction("asked", speech.question(line.spoken, *lines), replace(line.call, stage="asked"))


async def react(parts: Parts, line: Line, digits: str) -> Reaction:
    """Carry out what was pressed. Raises `Unavailable` where booking does not answer."""
    call = line.call
    found = pressed(Standing(call.stage, len(call.offered), call.silences, call.wrong_keys), digits)
    line = replace(
        line, call=replace(call, silences=found.standing.silences, wrong_keys=found.standing.wrong_keys)
    )
    match found:
        case Pressed(act="cancel" | "offer" as act) if len(grouped.visits(line.message)) > 1:
            return _over(line, act, "handover", task="handover", reason="which of several visits")
        case Pressed(act="confirm"):
            return await _confirm(parts, line)
        case Pressed(act="cancel"):
            return await _cancel(parts, line)
        case Pressed(act="offer"):
            return await _offer(parts, line)
        case Pressed(act="take", choice=int() as choice):
            return await _take(parts, line, choice)
        case Pressed(act="transfer"):
            return _transfer(line, "asked by reply")
        case Pressed(act="refuse"):
            return await _refuse(parts, line)
        case Pressed(act="end"):
            return Reaction("end", Speech(), replace(line.call, stage="over"))
        case Pressed(act="repeat"):
            return Reaction("repeat", _again(line), line.call)
        case _:
            return _over(line, "hand-over", "handover", task="handover", reason="no key was pressed")


def _lines(line: Line) -> tuple[str, ...]:
    assert line.message.text is not None
    return tuple(line.seal.open(line.message.text, about="messages.text")["lines"])


def _again(line: Line) -> Speech:
    if line.call.stage == "offered":
        return speech.offer(line.spoken, _starts(line.call), line.branch.zone)
    return speech.question(line.spoken)


def _starts(call: Call) -> list[datetime]:
    return [datetime.fromisoformat(one["starts_at"]) for one in call.offered]


async def _confirm(parts: Parts, line: Line) -> Reaction:
    refusal = await grouped.confirm(parts, line.call.network_id, line.message, identity=line.call.call_id)
    if refusal is not None:
        return _over(line, "confirm", "handover", task="call-back", reason=f"confirm refused: {refusal}")
    return _over(line, "confirm", "confirmed", intent="confirm")


async def _cancel(parts: Parts, line: Line) -> Reaction:
    command = CancelAppointment(
        command_id=_command_id(line, "cancel"), appointment_id=_appointment(line), reason="patient-by-reply"
    )
    refusal = await _order(parts, line, command)
    if refusal is not None:
        return _over(line, "cancel", "handover", task="call-back", reason=f"cancel refused: {refusal}")
    return _over(line, "cancel", "cancelled", intent="cancel")


async def _offer(parts: Parts, line: Line, *, first: str = "offer") -> Reaction:
    """Other times by key; where there are none, a person at once."""
    question = FindAlternatives(appointment_id=_appointment(line), limit=OFFERED)
    try:
        found = await parts.asks.ask(question, caller=by_reply(line.call.network_id))
    except Refused:
        return _transfer(line, "asked by reply")
    slots = found.slots[:OFFERED]
    if not slots:
        return _transfer(line, "asked by reply")
    said = speech.offer(
        line.spoken, [one.starts_at for one in slots], line.branch.zone, first=line.spoken.phrases[first]
    )
    return Reaction("offer", said, replace(line.call, stage="offered", offered=_offered(slots)))


def _offered(slots: Sequence[Slot]) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "starts_at": one.starts_at.isoformat(),
            "practitioner_id": str(one.practitioner_id),
            "branch_id": str(one.branch_id),
        }
        for one in slots
    )


async def _take(parts: Parts, line: Line, choice: int) -> Reaction:
    """Move to the time that was chosen; where somebody was faster, other times are named."""
    wanted = line.call.offered[choice]
    starts_at = datetime.fromisoformat(wanted["starts_at"])
    command = RescheduleAppointment(
        command_id=_command_id(line, f"move to {wanted['starts_at']}"), appointment_id=_appointment(line),
        starts_at=starts_at, practitioner_id=UUID(wanted["practitioner_id"]), branch_id=UUID(wanted["branch_id"]),
    )  # fmt: skip
    refusal = await _order(parts, line, command)
    if refusal == "slot-taken":
        return await _offer(parts, line, first="taken")
    if refusal is not None:
        return _transfer(line, f"move refused: {refusal}")
    when = speech.said(line.spoken, starts_at, line.branch.zone)
    return _over(line, "take", "moved", when=when, intent="move")


async def _refuse(parts: Parts, line: Line) -> Reaction:
    """No more invitations, by whatever channel."""
    await refuse_invitations(
        parts, line.call.network_id, line.message.patient_id, command_id=_command_id(line, "refuse"), how="voice"
    )  # fmt: skip
    return _over(line, "refuse", "refused", intent="stop")


def _transfer(line: Line, reason: str) -> Reaction:
    """To the branch at once; and a task, because it may not pick up."""
    said = speech.connected(line.spoken, line.branch.phone)
    call = replace(line.call, stage="over")
    return Reaction("transfer", said, call, intent="move", task="wants-to-move", reason=reason)


def _over(
    line: Line, act: str, phrase: str, *, when: str = "", intent: Intent | None = None,
    task: TaskKind | None = None, reason: str = "",
) -> Reaction:  # fmt: skip
    said = speech.farewell(line.spoken, phrase, when=when)
    return Reaction(act, said, replace(line.call, stage="over"), intent, task, reason)


async def _order(parts: Parts, line: Line, command: Command[AppointmentRecord]) -> str | None:
    """Why booking refused, or None where it was done."""
    try:
        await parts.asks.ask(command, caller=by_reply(line.call.network_id))
    except Refused as refusal:
        return refusal.refusal
    return None


def _appointment(line: Line) -> UUID:
    assert line.message.appointment_id is not None  # only messages about a visit ask
    return line.message.appointment_id


def _command_id(line: Line, what: str) -> UUID:
    return uuid5(line.call.call_id, what)
