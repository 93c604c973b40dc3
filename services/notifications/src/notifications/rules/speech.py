"""What is said on the telephone: whole sentences, times as people say them, one question at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.contracts.directory import Locale
from notifications.rules.texts import Texts, moment


@dataclass(frozen=True)
class Speech:
    """Sentences, and what comes after them: a key is awaited, a number connected, or the call ended."""

    lines: tuple[str, ...] = ()
    asks: bool = False
    connect: str = ""


@dataclass(frozen=True, eq=False)
class Spoken:
    """One locale's words on the telephone."""

    locale: Locale
    texts: Texts
    """The messages' texts with times that are said aloud."""
    phrases: Mapping[str, str]


def question(spoken: Spoken, *lines: str) -> Speech:
    """These sentences, and which key means what."""
    return Speech((*lines, spoken.phrases["keys"]), asks=True)


def invitation(spoken: Spoken, *lines: str) -> Speech:
    """These sentences, and the key of those who want no more of them."""
    return Speech((*lines, spoken.phrases["refuse"]), asks=True)


def offer(spoken: Spoken, starts: Sequence[datetime], zone: str, *, first: str = "") -> Speech:
    """Other times by key, and zero for a person."""
    options = [
        spoken.phrases["option"].replace("{key}", str(key)).replace("{when}", said(spoken, at, zone))
        for key, at in enumerate(starts, start=1)
    ]
    return Speech((first, *options, spoken.phrases["person"]), asks=True)


def farewell(spoken: Spoken, phrase: str, *, when: str = "") -> Speech:
    """A last sentence."""
    return Speech((spoken.phrases[phrase].replace("{when}", when),))


def connected(spoken: Spoken, phone: str) -> Speech:
    """A person of the clinic takes over at once."""
    return Speech((spoken.phrases["transfer"],), connect=phone)


def said(spoken: Spoken, at: datetime, zone: str) -> str:
    """An instant as it is said aloud."""
    return moment(spoken.texts, "when", at, zone)
