"""Putting together what a decision rests on, from what owners said."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import get_args

from common.contracts.booking import Source
from common.contracts.consents import ContactAnswer
from common.contracts.directory import Branch, Locale
from common.contracts.patient_profile import Card, Channel
from notifications.rules.values import About, ChannelFacts, Pack, Quiet, Reader

CHATS = frozenset[Channel]({"telegram", "line", "instagram"})
"""Channels without phone numbers: they reach whoever has written there or opened a link of ours."""

NEEDS_SMARTPHONE = CHATS | {"whatsapp"}


def channel_order(pack: Pack, card: Card | None, offered: Sequence[Channel]) -> tuple[Channel, ...]:
    """The jurisdiction's order of channels among those that are set up, the patient's own choice first: what they
    prefer, then the chats that they have opened with us.

    Whoever has no smartphone is called before an SMS is written, where there is a voice; nobody else is, unless they
    prefer it.
    """
    order = [channel for channel in pack.channels if channel in offered]
    if card is not None:
        if card.preferences.no_smartphone:
            order = sorted(
                (channel for channel in order if channel not in NEEDS_SMARTPHONE),
                key=lambda one: one != "voice",
            )
        elif card.preferences.channel != "voice":
            order = [channel for channel in order if channel != "voice"]
        chosen = card.preferences.channel
        order.sort(key=lambda one: (one != chosen, one not in card.handles))
    return tuple(order)


def address(card: Card, channel: Channel) -> str | None:
    """Where this channel reaches the patient: a chat by its own id, else a phone, a verified one before others."""
    if channel == "email":
        return card.email
    if channel in CHATS:
        return card.handles.get(channel)
    phones = sorted(card.phones, key=lambda contact: not contact.verified)
    return phones[0].phone if phones else None


def channels(
    order: Sequence[Channel],
    card: Card | None,
    permission: ContactAnswer | None,
    *,
    ended: Mapping[Channel, str],
    paused: frozenset[str],
    held: frozenset[Channel] = frozenset(),
    costs: Mapping[Channel, int] | None = None,
) -> tuple[ChannelFacts, ...]:
    """Each channel with what is known of it. Without a card (it could not be asked for) all count as reachable."""
    return tuple(
        ChannelFacts(
            channel=channel,
            reachable=card is None or address(card, channel) is not None,
            ended=ended.get(channel),
            permission=_permission(permission, channel),
            permission_ids=tuple(permission.permission_ids) if permission else (),
            paused=channel in paused,
            held=channel in held,
            cost=(costs or {}).get(channel),
        )
        for channel in order
    )


ABOUT: Mapping[str, About] = {
    "cancelled": "cancellation",
    "displaced": "displacement",
    "waitlist-offer": "offer",
    "offer-gone": "cancellation",
    "join-link": "joining",
}


def about(template: str) -> About:
    """What a text tells of its visit."""
    return ABOUT.get(template, "visit")


def source(channel: Channel) -> Source:
    """As what booking counts an appointment that a patient makes by this channel."""
    return channel if channel in get_args(Source) else "phone"  # type: ignore[return-value]  # checked just before


def _permission(answer: ContactAnswer | None, channel: Channel) -> str | None:
    if answer is None:
        return None
    return "allowed" if channel in answer.allowed else answer.refused.get(channel, "not-permitted")


def quiet(card: Card | None) -> Quiet | None:
    """A patient's own quiet hours."""
    if card is None or not card.preferences.quiet_from or not card.preferences.quiet_to:
        return None
    begins, ends = (
        time.fromisoformat(each) for each in (card.preferences.quiet_from, card.preferences.quiet_to)
    )
    return Quiet(begins, ends) if begins != ends else None


def locale(card: Card | None, branch: Branch) -> Locale:
    """The patient's language, else the branch's."""
    return card.locale if card is not None and card.locale is not None else branch.locale


def reader(card: Card | None, spoken: Locale) -> Reader:
    """Whom a text addresses."""
    if card is None:
        return Reader(spoken)
    return Reader(spoken, card.given_name, card.patronymic, card.family_name, card.full_name, card.sex)
