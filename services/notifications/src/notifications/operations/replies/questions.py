"""What of ours a reply answers: the newest message that asked something, while it can still be answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from notifications.tables.messages import Message

DISPLACED, OFFER, SURVEY, WHICH_ONE = "displaced", "waitlist-offer", "survey", "which-one"
OFFER_STANDS = timedelta(hours=24)
"""After it is held no more: a late yes is still an answer to its offer, and is told that it came too late."""
SURVEY_STANDS = timedelta(days=7)
WHICH_ONE_STANDS = timedelta(hours=24)

ANSWERED = "answered"
"""In the data of a question which visit was meant: it was answered, and is over."""


def invites(message: Message) -> bool:
    """Whether it is an invitation, an offer of the clinic or a greeting."""
    return message.message_class == "marketing" and message.template != SURVEY


def about_no_visit(message: Message) -> bool:
    """Whether no answer to it is about a visit that is ahead."""
    return invites(message) or (message.appointment_id is None and message.template != SURVEY)


def newest(newest_first: Sequence[Message]) -> Message | None:
    """The question that words without a quotation answer, though its time be over: it closes every earlier one.

    What is about no visit counts only until we say anything else by ourselves.
    """
    said = next((one for one in newest_first if not _answers(one)), None)
    if said is not None and about_no_visit(said):
        return said
    return next((one for one in newest_first if _asks(one)), None)


def _answers(message: Message) -> bool:
    """Whether it only says what was done about a reply: what that was about is what the next one is about."""
    return message.only_channel is not None and message.template != WHICH_ONE


def _asks(message: Message) -> bool:
    return message.template in {DISPLACED, OFFER, SURVEY, WHICH_ONE} or bool(
        message.data.get("asked_confirm")
    )


def stands(question: Message, now: datetime) -> bool:
    """Whether it can be answered now without being quoted."""
    match question.template:
        case "which-one":
            return ANSWERED not in question.data and now - asked_at(question) <= WHICH_ONE_STANDS
        case "displaced" | "waitlist-offer":
            return now <= until(question) + OFFER_STANDS
        case "survey":
            return now - asked_at(question) <= SURVEY_STANDS
        case _:
            return True


def asked_at(question: Message) -> datetime:
    """When it went out."""
    return question.sent_at or question.created_at


def until(offer: Message) -> datetime:
    """How long an offer is held."""
    return datetime.fromisoformat(offer.data["until"])
