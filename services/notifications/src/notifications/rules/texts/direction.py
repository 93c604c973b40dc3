"""Text that runs from right to left: what runs the other way stands in isolates, so that nothing around it is turned."""

import unicodedata

from notifications.rules.texts.values import Texts

LEFT_TO_RIGHT, FIRST_STRONG, END = "\u2066", "\u2068", "\u2069"


def native(texts: Texts, value: str) -> str:
    """A name, an address or another fact, as this script writes it: its own digits, and foreign words isolated."""
    if texts.digits:
        value = value.translate({ord(str(number)): digit for number, digit in enumerate(texts.digits)})
    if texts.right_to_left and any(unicodedata.bidirectional(one) == "L" for one in value):
        return f"{FIRST_STRONG}{value}{END}"
    return value


def dialled(texts: Texts, value: str) -> str:
    """A link or a phone number, which keeps its Latin digits: phones recognise it by them."""
    return f"{LEFT_TO_RIGHT}{value}{END}" if texts.right_to_left and value else value


def numbered(texts: Texts, entries: tuple[str, ...]) -> str:
    """A list to answer by number."""
    return "\n".join(f"{native(texts, str(place))}. {entry}" for place, entry in enumerate(entries, start=1))
