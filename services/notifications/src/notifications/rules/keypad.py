"""A conversation by keypad: what a key means at each point of a call, and when a person takes over."""

from dataclasses import dataclass, replace
from typing import Literal

Act = Literal["confirm", "offer", "cancel", "take", "transfer", "hand-over", "repeat", "refuse", "end"]
Stage = Literal["asked", "offered", "invited", "over"]
"""What the next key answers: a question, a choice of times, an invitation; or nothing any more."""

QUESTIONS: frozenset[Stage] = frozenset({"asked", "offered"})
"""Whoever puts the receiver down here has left something open."""

MOST_SILENCES = 2
MOST_WRONG_KEYS = 4
REFUSE = "9"
QUESTION: dict[str, Act] = {"1": "confirm", "2": "offer", "3": "cancel", "0": "transfer"}


@dataclass(frozen=True)
class Standing:
    """Where a call stands: what the next key answers, and how often none or a wrong one was pressed."""

    stage: Stage
    options: int = 0
    silences: int = 0
    wrong_keys: int = 0


@dataclass(frozen=True)
class Pressed:
    """What a key asks for; `choice` is the place (from 0) of an offered time."""

    act: Act
    standing: Standing
    choice: int | None = None


def pressed(standing: Standing, digits: str) -> Pressed:
    """The meaning of a key. No key in two tries hands over to a person; a wrong one has the question repeated.

    An invitation asks nothing: it is refused by its key, and ends by any other and by none.
    """
    if standing.stage == "over":
        return Pressed("hand-over", standing)
    if standing.stage == "invited":
        return Pressed("refuse" if digits == REFUSE else "end", standing)
    if not digits:
        silent = replace(standing, silences=standing.silences + 1)
        return Pressed("hand-over" if silent.silences >= MOST_SILENCES else "repeat", silent)
    if standing.stage == "asked" and digits in QUESTION:
        return Pressed(QUESTION[digits], standing)
    if standing.stage == "offered" and digits.isascii() and digits.isdecimal():
        place = int(digits) - 1
        if 0 <= place < standing.options:
            return Pressed("take", standing, place)
        if digits == "0":
            return Pressed("transfer", standing)
    wrong = replace(standing, wrong_keys=standing.wrong_keys + 1)
    return Pressed("hand-over" if wrong.wrong_keys >= MOST_WRONG_KEYS else "repeat", wrong)
