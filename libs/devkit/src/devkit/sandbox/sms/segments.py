"""How many segments an SMS takes (3GPP TS 23.038)."""

from dataclasses import dataclass
from typing import Literal

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each takes two septets: an escape and itself."""


@dataclass(frozen=True, slots=True)
class Segments:
    encoding: Literal["GSM-7", "UCS-2"]
    count: int


def segments(text: str) -> Segments:
    """160 septets, or 153 each in several; one character outside GSM-7 makes it 70, or 67 each, UTF-16 units."""
    if all(character in BASIC or character in EXTENDED for character in text):
        septets = [2 if character in EXTENDED else 1 for character in text]
        return Segments("GSM-7", 1 if sum(septets) <= 160 else _packed(septets, 153))
    units = [len(character.encode("utf-16-le")) // 2 for character in text]
    return Segments("UCS-2", 1 if sum(units) <= 70 else _packed(units, 67))


def _packed(widths: list[int], room: int) -> int:
    """A pair (escape and character, or surrogates) is never torn between two segments."""
    count, used = 1, 0
    for width in widths:
        if used + width > room:
            count, used = count + 1, 0
        used += width
    return count
