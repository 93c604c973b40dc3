"""Answers to what was offered: another time for a displaced visit, or a freed one for who waits for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from common.contracts.booking import AcceptOffer, DeclineOffer, RescheduleAppointment
from common.errors import Refused
from notifications.operations.parts import Parts, by_reply
from notifications.rules.understand import Intent, chosen, spoken
from notifications.tables.messages import Message

DISPLACED, OFFER = "displaced", "waitlist-offer"
PAYLOAD = re.compile(r"(?P<answer>accept|decline):(?P<offer>[0-9a-f-]{36})$")
ANSWER_STANDS = timedelta(hours=24)
"""A late yes is still an answer to its offer, and is told that it came too late."""


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


def open_offer(newest_first: Sequence[Message], now: datetime) -> Message | None:
    """The offer that stands, where nothing else was asked after it: a bare answer is an answer to that."""
    for message in newest_first:
        if message.template in {DISPLACED, OFFER}:
            return message if now <= until(message) + ANSWER_STANDS else None
        if message.data.get("asked_confirm") or message.template == "which-one":
            return None
    return None


def until(question: Message) -> datetime:
    """How long an offer is held."""
    return datetime.fromisoformat(question.data["until"])


async def take(
    parts: Parts, network_id: str, question: Message, answered: Answered, command_id: UUID
) -> str | None:
    """Carry it out at its owner; returns the code of a refusal, where it was refused."""
    assert question.appointment_id is not None
    caller, thing = by_reply(network_id), question.appointment_id
    try:
        match answered.answer:
            case "accept":
                await parts.asks.ask(AcceptOffer(command_id=command_id, offer_id=thing), caller=caller)
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
