"""What a message would cost, before it is decided by which channel it goes."""

from collections.abc import Mapping
from datetime import datetime

from common.contracts.patient_profile import Channel
from notifications.operations import composing, deciding
from notifications.operations.asking import Answers
from notifications.operations.deciding import Surroundings
from notifications.operations.parts import Parts
from notifications.operations.wordings.leaving import as_leaves
from notifications.tables.messages import Message


def limited_costs(
    parts: Parts, message: Message, around: Surroundings, answers: Answers, *, now: datetime
) -> Mapping[Channel, int]:
    """What it would cost, where the network has set a limit that this could go beyond; else nobody has to know."""
    limits = around.governing.network
    if limits.most_per_message is None and limits.most_per_month is None:
        return {}
    return costs(parts, message, around, answers, now=now)


def costs(
    parts: Parts, message: Message, around: Surroundings, answers: Answers, *, now: datetime
) -> Mapping[Channel, int]:
    """The price of exactly the text that would leave, by the channels whose price is known: SMS."""
    card = answers.cards.get(message.patient_id)
    if "sms" not in parts.adapters or card is None:
        return {}
    record = answers.appointments.get(message.appointment_id) if message.appointment_id else None
    text = composing.composed(
        message, card, record, around, parts.links, parts.public_url,
        asks=deciding.still_asks(message, answers), by_buttons=False, form="sms",
        others=composing.others_of(message, answers), matter=answers.matters.get(message.message_id), now=now,
    )  # fmt: skip
    _, charge = as_leaves(text, around.network.country, "sms", now.date())
    return {"sms": charge.amount} if charge is not None and charge.amount is not None else {}
