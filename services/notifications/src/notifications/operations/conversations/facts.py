"""What a dialogue rests on: the clinic's directory, whoever may be writing, and in which language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.directory import Branch, Locale, Network, Practitioner, Service
from common.contracts.patient_profile import Card, Channel, FindPatients, GetCards
from common.errors import Refused
from notifications.channels import Written
from notifications.operations.parts import Parts, ourselves
from notifications.rules import facts as rules
from notifications.rules import words
from notifications.rules.dialogue.values import Facts, Known, State
from notifications.rules.values import Reader

CHATS: frozenset[Channel] = frozenset({"whatsapp", "telegram", "instagram", "line"})
"""Channels on which somebody can begin a conversation of their own."""
PHONE_CHANNELS: frozenset[Channel] = frozenset({"whatsapp", "sms"})
"""Channels on which the sender's address is a phone, which the channel vouches for."""


@dataclass(frozen=True)
class Clinic:
    """The network's directory."""

    network: Network
    branches: tuple[Branch, ...]
    practitioners: tuple[Practitioner, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True)
class Writer:
    """Who may be writing: the cards of everybody this address is bound to, and the language to answer in."""

    cards: dict[UUID, Card]
    locale: Locale

    @property
    def reader(self) -> Reader:
        """Addressed by name where only one person can be meant."""
        only = next(iter(self.cards.values())) if len(self.cards) == 1 else None
        return rules.reader(only, self.locale)


async def clinic(tx: AsyncConnection, network_id: str) -> Clinic:
    """Raises `unknown-network` where the directory has not told of it."""
    branches = [one for one in await directory.all_of(tx, network_id, Branch) if one.active]
    return Clinic(
        await directory.network(tx, network_id),
        tuple(sorted(branches, key=lambda one: (one.address.city, one.name))),
        tuple(await directory.all_of(tx, network_id, Practitioner)),
        tuple(await directory.all_of(tx, network_id, Service)),
    )


def vouched(written: Written, state: State | None) -> str | None:
    """The writer's own phone: the channel's address is one, or its button has shared it in this talk."""
    if written.channel in PHONE_CHANNELS:
        return written.sender
    return written.contact or (state.vouched if state else "") or None


async def writer(
    parts: Parts, place: Clinic, text: str, phone: str | None, bound: Iterable[UUID], before: Locale | None
) -> Writer:
    """Everybody whom this address or this phone of theirs stands for. Raises `Unavailable` where patient-profile does not answer."""
    caller = ourselves(place.network.network_id)
    known = list(bound)
    cards = (await parts.asks.ask(GetCards(patient_ids=known), caller=caller)).cards if known else {}
    found = {card.patient_id: card for card in cards.values()}
    if phone is not None:
        try:
            candidates = await parts.asks.ask(
                FindPatients(phone=phone, country=place.network.country), caller=caller
            )
        except Refused:  # a sender that is no phone (a short code) is nobody we know
            pass
        else:
            found |= {one.card.patient_id: one.card for one in candidates.candidates}
    living = {patient_id: card for patient_id, card in found.items() if not card.deceased}
    return Writer(living, _locale(place, text, list(living.values()), before))


def _locale(place: Clinic, text: str, cards: list[Card], before: Locale | None) -> Locale:
    """The language of the words, where they show one; else that of the talk so far, of the card, of the clinic."""
    offered: list[Locale] = [one for one in get_args(Locale) if one in place.network.locales] or list(
        get_args(Locale)
    )
    shown = {locale: words.recognised(locale, text) for locale in offered}
    best = max(shown.values(), default=0)
    clear = [locale for locale, count in shown.items() if count == best and best > 0]
    usual: list[Locale | None] = [before, *(card.locale for card in cards)]
    usual += [one.locale for one in place.branches]
    if len(clear) == 1:
        return clear[0]
    return next((one for one in usual if one is not None and (not clear or one in clear)), "en")


def facts(
    parts: Parts, place: Clinic, who: Writer, channel: Channel, phone: str | None, now: datetime
) -> Facts:
    """All of it as the rules want it."""
    return Facts(
        branches=place.branches,
        practitioners=place.practitioners,
        services=place.services,
        known=tuple(Known(one.patient_id, one.given_name or one.full_name) for one in who.cards.values()),
        phone=phone,
        clinic=place.network.name,
        book_link=f"{parts.public_url}/book/{place.network.network_id}",
        now=now,
        shares_phone=parts.adapters[channel].shares_phone,
    )
