"""What has to be asked of owners: before planning (as far as they answer) and before sending (or nothing is sent)."""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from common import telemetry
from common.contracts.booking import AppointmentRecord, GetAppointments
from common.contracts.consents import ContactAnswer, ContactQuestion, MayContact
from common.contracts.messages import Message as Told
from common.contracts.messages import Query
from common.contracts.notifications import MessageClass
from common.contracts.patient_profile import Card, Channel, GetCards
from common.errors import Refused, Unavailable
from notifications.operations import matters
from notifications.operations.parts import Parts, ourselves
from notifications.operations.planning.places import Reach
from notifications.rules import facts
from notifications.rules.texts import Matter
from notifications.tables.messages import Message

Answer = TypeVar("Answer", bound=Told)

ASKED_AT_ONCE = 250
"""Things in one question: answers stay far below what one message on the bus may hold."""

FRESH_SECONDS = 0.5
"""Older answers are asked for again before a provider is called."""


@dataclass(frozen=True)
class Question:
    """What consents is asked about one message."""

    channels: tuple[Channel, ...]
    abroad: tuple[Channel, ...]


@dataclass
class Answers:
    """What the owners said, and when they were asked (monotonic seconds)."""

    appointments: dict[UUID, AppointmentRecord]
    cards: dict[UUID, Card]
    permissions: dict[UUID, ContactAnswer]
    asked: float
    matters: dict[UUID, Matter] = field(default_factory=dict)
    """What messages outside visits are about, which was told before and is kept here."""

    @property
    def fresh(self) -> bool:
        """Whether a provider may still be called on the strength of them."""
        return time.monotonic() - self.asked < FRESH_SECONDS


async def reach(
    parts: Parts, network_id: str, patient_id: UUID, *, wanted: bool = True, permissions: bool = False
) -> Reach:
    """The patient's card, or none where patient-profile does not answer: then the plan is provisional.

    Where no chain has to be planned (`wanted` is false) nobody is asked: sending decides about the rest. Where
    `permissions` have changed they are asked for too, and an owner that is away raises `Unavailable`.
    """
    if not wanted:
        return Reach(None, parts.offered(network_id))
    try:
        answer = await parts.asks.ask(
            GetCards(patient_ids=[patient_id]), caller=ourselves(network_id), timeout=parts.hurry
        )
    except (Unavailable, Refused) as error:
        telemetry.log().info("planning without a card", network=network_id, error=telemetry.where(error))
        return Reach(None, parts.offered(network_id))
    said = await _permissions_of(parts, network_id, patient_id) if permissions else {}
    return reached(parts, network_id, answer.cards.get(patient_id), said)


def reached(
    parts: Parts,
    network_id: str,
    card: Card | None,
    permissions: Mapping[MessageClass, ContactAnswer] | None = None,
) -> Reach:
    """A card with the keyed index of the phone that the patient is reached by."""
    phone = facts.address(card, "sms") if card is not None else None
    index = parts.sealer.index(network_id, phone) if phone else None
    return Reach(card, parts.offered(network_id), index, permissions or {})


async def _permissions_of(
    parts: Parts, network_id: str, patient_id: UUID
) -> dict[MessageClass, ContactAnswer]:
    classes: tuple[MessageClass, ...] = ("immediate", "service", "marketing")
    questions = [
        ContactQuestion(
            patient_id=patient_id, message_class=each, purpose="marketing" if each == "marketing" else "service",
            channels=list(parts.offered(network_id)),
        )
        for each in classes
    ]  # fmt: skip
    answer = await parts.asks.ask(MayContact(questions=questions), caller=ourselves(network_id))
    return dict(zip(classes, answer.answers, strict=True))


async def ask(
    parts: Parts,
    network_id: str,
    messages: Sequence[Message],
    questions: Mapping[UUID, Question],
    *,
    cards: dict[UUID, Card] | None = None,
) -> Answers:
    """Booking, patient-profile (unless `cards` are at hand) and consents, at the same time. Raises `Unavailable`."""
    asked = time.monotonic()
    appointments, found, permissions = await asyncio.gather(
        visits_of(parts, network_id, messages),
        _cards(parts, network_id, messages) if cards is None else _known(cards),
        _permissions(parts, network_id, messages, questions),
    )
    kept = await matters.of_messages(parts, network_id, messages)
    return Answers(appointments, found, permissions, asked, kept)


async def visits_of(
    parts: Parts, network_id: str, messages: Sequence[Message]
) -> dict[UUID, AppointmentRecord]:
    """The visits that these messages are about, and those that they list besides. Raises `Unavailable`."""
    own = {one.appointment_id for one in messages if one.appointment_id is not None}
    wanted = _in_parts(own | _also(messages, "appointment_id"))
    answers = await _each(parts, network_id, (GetAppointments(appointment_ids=some) for some in wanted))
    return {one.appointment.appointment_id: one for answer in answers for one in answer.appointments}


def _in_parts(ids: Collection[UUID]) -> list[list[UUID]]:
    """Messages of a batch may list many visits beside their own."""
    every = list(ids)
    return [every[start : start + ASKED_AT_ONCE] for start in range(0, len(every), ASKED_AT_ONCE)]


async def _each(parts: Parts, network_id: str, questions: Iterable[Query[Answer]]) -> list[Answer]:
    """Their answers, asked for at the same time."""
    caller = ourselves(network_id)
    return await asyncio.gather(*(parts.asks.ask(one, caller=caller) for one in questions))


def _also(messages: Sequence[Message], what: str) -> set[UUID]:
    """The other visits of the day that these messages list, or whose they are."""
    return {UUID(each[what]) for one in messages for each in one.data.get("also", ())}


async def _cards(parts: Parts, network_id: str, messages: Sequence[Message]) -> dict[UUID, Card]:
    wanted = _in_parts({one.patient_id for one in messages} | _also(messages, "patient_id"))
    answers = await _each(parts, network_id, (GetCards(patient_ids=some) for some in wanted))
    return {patient_id: card for answer in answers for patient_id, card in answer.cards.items()}


async def _known(cards: dict[UUID, Card]) -> dict[UUID, Card]:
    return cards


async def _permissions(
    parts: Parts, network_id: str, messages: Sequence[Message], questions: Mapping[UUID, Question]
) -> dict[UUID, ContactAnswer]:
    asked = [one for one in messages if one.message_id in questions]
    if not asked:
        return {}
    answer = await parts.asks.ask(
        MayContact(
            questions=[
                ContactQuestion(
                    patient_id=one.patient_id,
                    message_class=one.message_class,
                    purpose="marketing" if one.message_class == "marketing" else "service",
                    channels=list(questions[one.message_id].channels),
                    abroad=list(questions[one.message_id].abroad),
                )
                for one in asked
            ]
        ),
        caller=ourselves(network_id),
    )
    return dict(zip((one.message_id for one in asked), answer.answers, strict=True))
