"""What a reply is about: the button's own visit, the message answered, or the only one open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notifications.channels import Written
from notifications.operations.replies import offers
from notifications.operations.replies.offers import Answered
from notifications.rules.understand import Intent, chosen, pressed, understand
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message

QUESTION_STANDS = timedelta(hours=24)


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
    answered: Answered | None = None
    """What it takes of what was offered."""


def meaning_of(heard: Heard, upcoming: dict[UUID, str], now: datetime) -> Meaning:
    """What it says and what it is about: the button's own visit, the message answered, or the only one open."""
    button = pressed(heard.written.payload) if heard.written.payload else None
    if button is not None:
        about = _newest(heard, lambda one: one.appointment_id == button.appointment_id)
        return Meaning(button.intent if about is not None else None, about)
    offered = _offered(heard, upcoming, now)
    if offered is not None:
        return offered
    chosen_now = _chosen(heard, now)
    if chosen_now is not None:
        return chosen_now
    intent = understand(heard.written.text)
    answered = _answered(heard)
    if answered is not None and answered.appointment_id is not None:
        return Meaning(intent, answered)
    if intent in {"confirm", "move", "cancel"}:
        return _bound(heard, intent, upcoming)
    return Meaning(intent, next(iter(by_newest(heard)), None))


def _offered(heard: Heard, upcoming: dict[UUID, str], now: datetime) -> Meaning | None:
    """An answer to another time or a freed one; beside an open question a bare yes is asked about."""
    pressed_offer = offers.answer_pressed(heard.written.payload) if heard.written.payload else None
    if pressed_offer is not None:
        about = next(
            (
                one
                for one in by_newest(heard)
                if (one.template, one.appointment_id) == (offers.OFFER, pressed_offer[0])
            ),
            None,
        )
        return Meaning(None, about, answered=pressed_offer[1])
    quoted = _answered(heard)
    question = quoted or offers.open_offer(by_newest(heard), now)
    if question is None or question.template not in {offers.DISPLACED, offers.OFFER}:
        return None
    answered = offers.answer_said(heard.written.text, question)
    if answered is None:
        return None
    if quoted is None and question.template == offers.OFFER and answered.answer == "accept":
        open_too = _asked(heard, upcoming)
        if open_too and now <= offers.until(question):
            others = (
                _newest(heard, lambda one, wanted=wanted: one.appointment_id == wanted) for wanted in open_too
            )
            return Meaning("confirm", None, (question, *(one for one in others if one is not None)))
    return Meaning(None, question, answered=answered)


def _asked(heard: Heard, upcoming: dict[UUID, str]) -> set[UUID]:
    """Visits ahead whose patients were asked to confirm and have not."""
    return {
        one.appointment_id
        for one in heard.messages.values()
        if one.appointment_id in upcoming
        and one.data.get("asked_confirm")
        and upcoming[one.appointment_id] == "booked"
    }


def _bound(heard: Heard, intent: Intent | None, upcoming: dict[UUID, str]) -> Meaning:
    """Which visit words without a context are about: the open question, else the only visit ahead."""
    asked = _asked(heard, upcoming)
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
    return Meaning(None, next(iter(by_newest(heard)), None))


def _chosen(heard: Heard, now: datetime) -> Meaning | None:
    """A number that picks from the question which visit was meant, while that question stands."""
    for message in by_newest(heard):
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


def by_newest(heard: Heard) -> list[Message]:
    return [heard.messages[one.message_id] for one in heard.attempts if one.message_id in heard.messages]


def _newest(heard: Heard, wanted: Any) -> Message | None:
    return next((one for one in by_newest(heard) if wanted(one) and one.template != "which-one"), None)
