"""What a reply is about: the button's own visit, the message answered, or the only one open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from common.contracts.booking import AppointmentState
from notifications.channels import Written
from notifications.operations.replies import grouped, offers, questions
from notifications.operations.replies.offers import Answered
from notifications.rules.understand import (
    VISIT,
    Intent,
    Pressed,
    about_invitation,
    chosen,
    is_number,
    pressed,
    score,
    spoken,
    understand,
)
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message

Ahead = Mapping[UUID, AppointmentState]
"""Visits that are ahead and stand."""


@dataclass(frozen=True)
class Heard:
    """A reply with what it could be about: everything that was ever sent to its address, newest first."""

    inbound_id: UUID
    written: Written
    address_index: bytes
    attempts: Sequence[Attempt]
    messages: dict[UUID, Message]
    talked_at: datetime | None = None
    """When a dialogue or a person said something to it last."""


@dataclass(frozen=True)
class Meaning:
    """What a reply asks for, about which message; `options` where it could be about several visits."""

    intent: Intent | None
    about: Message | None
    options: tuple[Message, ...] = ()
    answered: Answered | None = None
    """What it takes of what was offered."""
    picked_from: Message | None = None
    """The question which visit was meant, where it answers that."""
    score: int | None = None
    """How the visit was, where that was asked."""


def meaning_of(heard: Heard, ahead: Ahead, now: datetime) -> Meaning:
    """What it says and what it is about: the button's own visit, the message answered, or the only one open."""
    payload = heard.written.payload
    if payload is None:
        return _in_words(heard, ahead, now)
    if button := pressed(payload):
        return _by_button(heard, button, ahead)
    if offer := offers.answer_pressed(payload):
        about = _newest(heard, lambda one: (one.template, one.appointment_id) == (questions.OFFER, offer[0]))
        return Meaning(None, about, answered=offer[1])
    intent = understand(heard.written.text)  # the title of another button, which knows what it is about
    return Meaning(None if intent in VISIT else intent, _newest(heard))


def _by_button(heard: Heard, button: Pressed, ahead: Ahead) -> Meaning:
    """About the newest message that has this button. Which visit is meant is asked where that lists several."""
    about = _newest(
        heard, lambda one: one.appointment_id == button.appointment_id and bool(one.data.get("asked_confirm"))
    )
    about = about or _newest(heard, lambda one: one.appointment_id == button.appointment_id)
    return Meaning(None, None) if about is None else _about(button.intent, about, ahead)


def _about(intent: Intent | None, message: Message, ahead: Ahead) -> Meaning:
    """A yes is one to all visits that a message lists. One of several is moved or cancelled only by its number."""
    standing = {visit: message for visit in grouped.visits(message) if visit in ahead}
    if intent in {"move", "cancel"} and standing and len(grouped.visits(message)) > 1:
        return Meaning(intent, None, _options(standing, ahead))
    return Meaning(intent, grouped.narrowed(message, standing))


def _in_words(heard: Heard, ahead: Ahead, now: datetime) -> Meaning:
    """By the message that is quoted, else by the newest question; a number says nothing without its question."""
    text, quoted = heard.written.text, _quoted(heard)
    question = quoted or _open_question(heard)
    if question is not None and questions.about_no_visit(question):
        return _outside(text, question)
    if question is not None and (quoted is not None or questions.stands(question, now)):
        answer = _answer(heard, question, ahead, now)
        if answer is not None:
            return answer
    if question is None and heard.talked_at is not None and spoken(text, ("yes",)):
        return Meaning(None, _newest(heard))
    if is_number(text) and not (question is not None and _asks_about(question, ahead)):
        return Meaning(None, question or _newest(heard))
    intent = understand(text)
    if quoted is not None and quoted.template != questions.WHICH_ONE:
        return _about(intent, quoted, ahead)
    return _bound(heard, intent, ahead) if intent in VISIT else Meaning(intent, _newest(heard))


def _open_question(heard: Heard) -> Message | None:
    """The newest question of a message; a talk since then had questions of its own, and closes it."""
    question = questions.newest(by_newest(heard))
    if question is None or heard.talked_at is None:
        return question
    return question if heard.talked_at <= questions.asked_at(question) else None


def _outside(text: str, message: Message) -> Meaning:
    """Words about what is no visit: an invitation is taken, left or refused for good; beside that they touch no visit."""
    if questions.invites(message):
        return Meaning(about_invitation(text), message)
    intent = understand(text)
    return Meaning(None if intent in VISIT else intent, message)


def _asks_about(question: Message, ahead: Ahead) -> bool:
    """Whether it numbers its answers and one of its visits is still ahead."""
    return bool(question.data.get("asked_confirm")) and any(
        visit in ahead for visit in grouped.visits(question)
    )


def _answer(heard: Heard, question: Message, ahead: Ahead, now: datetime) -> Meaning | None:
    """What the words are as an answer to this very question; None where they are none."""
    match question.template:
        case questions.SURVEY:
            return _scored(heard, question)
        case questions.WHICH_ONE:
            return _picked(heard, question)
        case questions.DISPLACED | questions.OFFER:
            return _offered(heard, question, ahead, now)
        case _:
            return None


def _scored(heard: Heard, survey: Message) -> Meaning | None:
    """A score; a bare yes is a word about the visit that was, and none about another one."""
    given = score(heard.written.text)
    if given is not None or understand(heard.written.text) == "confirm":
        return Meaning(None, survey, score=given)
    return None


def _picked(heard: Heard, question: Message) -> Meaning | None:
    """The visit whose number it is, once."""
    listed = [UUID(each) for each in question.data["appointments"]]
    place = chosen(heard.written.text, len(listed))
    if place is None or questions.ANSWERED in question.data:
        return None
    about = _telling_of(heard, listed[place])
    return Meaning(question.data["intent"], about, picked_from=question)


def _offered(heard: Heard, question: Message, ahead: Ahead, now: datetime) -> Meaning | None:
    """An answer to another time or a freed one; beside an open question a bare yes is asked about."""
    answered = offers.answer_said(heard.written.text, question)
    if answered is None:
        return None
    if _quoted(heard) is None and answered.answer == "accept" and now <= questions.until(question):
        open_too = _asked(heard, ahead)
        if open_too:
            return Meaning("confirm", None, (question, *_options(open_too, ahead)))
    return Meaning(None, question, answered=answered)


def _asked(heard: Heard, ahead: Ahead) -> dict[UUID, Message]:
    """Visits ahead whose patients were asked to confirm and have not, with the newest question about each."""
    found: dict[UUID, Message] = {}
    for message in by_newest(heard):
        if message.data.get("asked_confirm"):
            for visit in grouped.visits(message):
                if visit in ahead and ahead[visit].status == "booked":
                    found.setdefault(visit, message)
    return found


def _bound(heard: Heard, intent: Intent | None, ahead: Ahead) -> Meaning:
    """Which visit words without a context are about: the open question, else the only visit ahead."""
    asked = _asked(heard, ahead) if intent == "confirm" else {}
    if len({one.message_id for one in asked.values()}) == 1:
        return Meaning(intent, grouped.narrowed(next(iter(asked.values())), asked.keys()))
    told = {visit: _telling_of(heard, visit) for visit in asked or ahead}
    match _options({visit: one for visit, one in told.items() if one is not None}, ahead):
        case ():
            return Meaning(None, _newest(heard))
        case (only,):
            return Meaning(intent, only)
        case options:
            return Meaning(intent, None, options)


def _options(told: Mapping[UUID, Message], ahead: Ahead) -> tuple[Message, ...]:
    """For each visit ahead what told of it, as if it told of no other, in the order in which they start now."""
    return tuple(
        replace(grouped.narrowed(told[visit], {visit}), starts_at=ahead[visit].starts_at)
        for visit in sorted(told, key=lambda one: ahead[one].starts_at)
    )


def _telling_of(heard: Heard, visit: UUID) -> Message | None:
    """The newest message that tells of a visit, as if it told of no other."""
    told = _newest(heard, lambda one: visit in grouped.visits(one))
    return None if told is None else grouped.narrowed(told, {visit})


def _quoted(heard: Heard) -> Message | None:
    if heard.written.answers is None:
        return None
    attempt = next((one for one in heard.attempts if one.provider_id == heard.written.answers), None)
    return heard.messages.get(attempt.message_id) if attempt else None


def by_newest(heard: Heard) -> list[Message]:
    """What was sent to the address, newest first."""
    return [heard.messages[one.message_id] for one in heard.attempts if one.message_id in heard.messages]


def _newest(heard: Heard, wanted: Callable[[Message], bool] = lambda _: True) -> Message | None:
    return next(
        (one for one in by_newest(heard) if wanted(one) and one.template != questions.WHICH_ONE), None
    )
