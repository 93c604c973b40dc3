"""Which way a text reads and what language it is in, by its letters: a phone shows it so, with that language's glyphs."""

import unicodedata
from typing import Literal

from devkit.sandbox.messages import LINK, Message

KAZAKH = frozenset("әғқңөұүһі")


def direction(text: str) -> Literal["rtl", "ltr"]:
    """By the first letter that has a direction; links have none of their own."""
    for letter in LINK.sub("", text):
        match unicodedata.bidirectional(letter):
            case "R" | "AL":
                return "rtl"
            case "L":
                return "ltr"
    return "ltr"


def language(message: Message) -> str | None:
    """What the provider was told, else what the letters give away; None where that is nothing."""
    told = message.details.get("language")
    return str(told).replace("_", "-") if told else _of_letters(LINK.sub("", message.text).lower())


def _of_letters(text: str) -> str | None:
    if KAZAKH.intersection(text):
        return "kk"
    for letter in filter(str.isalpha, text):
        match unicodedata.name(letter, "").split()[0]:
            case "CYRILLIC":
                return "ru"
            case "ARABIC":
                return "fa"
            case "CJK":
                return "zh-TW"
    return None


def way(messages: list[Message]) -> Literal["rtl", "ltr"]:
    """How a phone reads: as the newest message that it got."""
    received = next((one for one in reversed(messages) if not one.by_patient), None)
    return direction(received.text) if received is not None else "ltr"
