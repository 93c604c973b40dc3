"""Answers to what was offered: another time for a displaced visit, or a freed one for who waits for it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from common.contracts.booking import AcceptOffer, DeclineOffer, RescheduleAppointment
from common.contracts.patient_profile import Channel
from common.errors import Refused
from notifications.operations.parts import Parts, by_reply
from notifications.operations.replies.questions import DISPLACED, OFFER
from notifications.rules.facts import source
from notifications.rules.understand import Intent, chosen, spoken
from notifications.tables.messages import Message

PAYLOAD = re.compile(r"(?P<answer>accept|decline):(?P<offer>[0-9a-f-]{36})$")


@dataclass(frozen=True)
class Answered:
    """What an answer takes: one of the held times (`place`), or the freed one, or not that one."""

    answer: Literal["take", "accept", "decline"]
    place: int = 0


def answer_pressed(payload: str) -> tuple[UUID, Answered] | None:
    """Read the buttons of an offer."""
    found = PAYLOAD.match(payload)
    if found is None:
        return None
    try:
        return UUID(found["offer"]), Answered("accept" if found["answer"] == "accept" else "decline")
    except ValueError:
        return None


def answer_said(text: str, question: Message) -> Answered | None:
    """What words or a number mean as an answer to an offer; None where they are no answer to it."""
    if question.template == DISPLACED:
        place = chosen(text, len(question.data.get("offers", ())))
        return None if place is None else Answered("take", place)
    match spoken(text, ("yes", "no")) or spoken(text, ("confirm", "cancel")):
        case "yes" | "confirm":
            return Answered("accept")
        case "no" | "cancel":
            return Answered("decline")
    return None


def implied(intent: Intent | None, about: Message | None) -> Answered | None:
    """What picking an offer from several questions means."""
    if about is None or about.template != OFFER or intent not in {"confirm", "move", "cancel"}:
        return None
    return Answered("accept" if intent == "confirm" else "decline")


async def take(
    parts: Parts, network_id: str, question: Message, answered: Answered, command_id: UUID, *, by: Channel
) -> str | None:
    """Carry it out at its owner; returns the code of a refusal, where it was refused."""
    assert question.appointment_id is not None
    caller, thing = by_reply(network_id), question.appointment_id
    try:
        match answered.answer:
            case "accept":
                accept = AcceptOffer(command_id=command_id, offer_id=thing, source=source(by))
                await parts.asks.ask(accept, caller=caller)
            case "decline":
                await parts.asks.ask(DeclineOffer(command_id=command_id, offer_id=thing), caller=caller)
            case "take":
                held = question.data["offers"][answered.place]
                move = RescheduleAppointment(
                    command_id=command_id, appointment_id=thing,
                    starts_at=datetime.fromisoformat(held["starts_at"]),
                    practitioner_id=UUID(held["practitioner_id"]), branch_id=UUID(held["branch_id"]),
                )  # fmt: skip
                await parts.asks.ask(move, caller=caller)
    except Refused as refusal:
        return refusal.refusal
    return None
