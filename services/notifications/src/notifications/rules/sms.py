"""What an SMS costs: its alphabet, its segments, and how a text is brought into the cheaper alphabet.

Counting follows 3GPP TS 23.038: GSM-7 holds 160 septets, or 153 in each part of a long text, an extended character
two of them; everything else is sent in 16-bit units, 70 or 67. A character is never cut in two by a part's end.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Alphabet = Literal["gsm-7", "ucs-2"]

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
SINGLE: dict[Alphabet, int] = {"gsm-7": 160, "ucs-2": 70}
PART: dict[Alphabet, int] = {"gsm-7": 153, "ucs-2": 67}

TYPOGRAPHY = str.maketrans(
    {
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "…": "...", "•": "-",
    }
)  # fmt: skip
"""What looks finer and says the same. Quotes keep no space inside them."""


@dataclass(frozen=True)
class Counted:
    """How a text is billed."""

    alphabet: Alphabet
    units: int
    segments: int


@dataclass(frozen=True)
class Price:
    """What one segment costs from a day on, in the currency's minor units."""

    amount: int
    currency: str
    valid_from: date
    source: str


@dataclass(frozen=True)
class Tariff:
    """A country's prices, the longest text that is sent without asking, and whose letters may be simplified."""

    prices: tuple[Price, ...]
    most_segments: int
    transliterated: frozenset[str]
    """Locales whose accents some operators cannot carry: they are left out, never the letters under them."""
    registered_links: bool = False
    """Whether links in advertising have to be registered with the regulator before."""

    def price(self, on: date) -> Price | None:
        """The newest price that is in force."""
        known = [one for one in self.prices if one.valid_from <= on]
        return max(known, key=lambda one: one.valid_from, default=None)


@dataclass(frozen=True)
class Charge:
    """What sending a text costs; without a price where none is known for the day."""

    counted: Counted
    amount: int | None
    currency: str | None


def counted(text: str) -> Counted:
    """Alphabet, units and segments."""
    if all(one in BASIC or one in EXTENDED for one in text):
        return _counted("gsm-7", [2 if one in EXTENDED else 1 for one in text])
    return _counted("ucs-2", [2 if ord(one) > 0xFFFF else 1 for one in text])


def _counted(alphabet: Alphabet, widths: Sequence[int]) -> Counted:
    units = sum(widths)
    if units <= SINGLE[alphabet]:
        return Counted(alphabet, units, 1)
    segments, filled = 1, 0
    for width in widths:
        if filled + width > PART[alphabet]:
            segments, filled = segments + 1, 0
        filled += width
    return Counted(alphabet, units, segments)


def as_sent(text: str, *, simplified: bool) -> str:
    """The text that leaves: in GSM-7 where plain punctuation, or `simplified` letters, are all that it takes."""
    plain = text.replace("«\u00a0", '"').replace("\u00a0»", '"').translate(TYPOGRAPHY)
    if simplified:
        plain = "".join(_simplified(one) for one in plain)
    return plain if counted(plain).alphabet == "gsm-7" else text


def _simplified(letter: str) -> str:
    """A letter without its marks, where those are all that is in the way; a letter of another script as it is."""
    if letter in BASIC or letter in EXTENDED:
        return letter
    base = "".join(one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one))
    return base if base and all(one in BASIC for one in base) else letter


def charge(text: str, tariff: Tariff, on: date) -> Charge:
    """What it costs to send exactly this text on a day."""
    count = counted(text)
    price = tariff.price(on)
    if price is None:
        return Charge(count, None, None)
    return Charge(count, price.amount * count.segments, price.currency)
