"""What a patient's reply means. Anything that is not clearly one thing means nothing, and a person is asked."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, cast
from uuid import UUID

from notifications.rules import words
from notifications.rules.words import Tokens

Intent = Literal["confirm", "move", "cancel", "stop", "stop-all", "operator"]

INTENTS: tuple[Intent, ...] = ("confirm", "move", "cancel", "stop", "stop-all", "operator")
VISIT = frozenset({"confirm", "move", "cancel"})
"""What is said about a visit."""
BINDING = frozenset({"confirm", "cancel"})
"""What a question ("Да?", "отменить?") never does."""
BEST_SCORE = 5
LOW_SCORE = 2
"""From here down a person goes on."""
SLIP_FROM = 5
"""Shorter words have to be spelled right: one letter more or less would too often be another word ("не", "нет")."""

BUTTON = re.compile(r"(?P<intent>confirm|move|cancel):(?P<appointment>[0-9a-f-]{36})$")
QUESTION = re.compile(r"[?？؟]")


@dataclass(frozen=True)
class Pressed:
    """A button's payload: what, and about which appointment."""

    intent: Intent
    appointment_id: UUID


def pressed(payload: str) -> Pressed | None:
    """Read one of our own payloads; None for anything else."""
    found = BUTTON.match(payload)
    if found is None:
        return None
    try:
        return Pressed(cast("Intent", found["intent"]), UUID(found["appointment"]))
    except ValueError:
        return None


def understand(text: str) -> Intent | None:
    """The one thing a reply clearly says; words of politeness around it are ignored."""
    intent = spoken(text, INTENTS)
    if intent in BINDING and QUESTION.search(text):
        return None
    return cast("Intent | None", intent)


def about_invitation(text: str) -> Intent | None:
    """What a reply to an invitation says: the words that would cancel a visit can opt out of invitations there."""
    intent = understand(text)
    if intent in {None, "cancel"} and consists(text, ("stop", "refusal")) and not QUESTION.search(text):
        return "stop"
    return intent


def consists(text: str, kinds: tuple[str, ...]) -> bool:
    """Whether a text is made of phrases of these kinds and nothing else, however mixed."""
    said = words.tokens(text)
    return bool(_phrases(said, kinds) or _slipped(said, kinds))


def spoken(text: str, kinds: tuple[str, ...]) -> str | None:
    """Which of these kinds all of a text says, however often: "да 👍" does, "да, но позже" and "да нет" do not."""
    said = words.tokens(text)
    meant = _said(said, kinds) or _slipped(said, kinds)
    return next(iter(meant)) if len(meant) == 1 else None


def is_number(text: str) -> bool:
    """Whether it is digits and politeness alone: without the question that numbered its answers it says nothing."""
    said = _meant(words.tokens(text))
    return bool(said) and all(each.isdecimal() for each in said)


def chosen(text: str, options: int) -> int | None:
    """The place (from 0) of a numbered option, where the reply is its bare number."""
    said = _meant(words.tokens(text))
    if len(said) != 1 or not said[0].isdecimal() or len(said[0]) > 2:
        return None
    return int(said[0]) - 1 if 1 <= int(said[0]) <= options else None


def score(text: str) -> int | None:
    """How a visit was, from 1 to 5, in digits or as a word."""
    place = chosen(text, BEST_SCORE)
    if place is None:
        place = words.listed("scores").get(_meant(words.tokens(text)))
    return None if place is None else place + 1


def _meant(said: Tokens) -> Tokens:
    """The words without those of politeness."""
    fillers = words.phrases("fillers")
    return tuple(each for each in said if (each,) not in fillers)


def _said(said: Tokens, kinds: tuple[str, ...]) -> frozenset[str]:
    """The kinds that every phrase of it may be; none where a word belongs to no phrase."""
    meant = _phrases(said, kinds)
    return frozenset.intersection(*meant) if meant else frozenset()


def _phrases(said: Tokens, kinds: tuple[str, ...]) -> list[frozenset[str]]:
    """What each phrase of it may be, without politeness; nothing where a word belongs to no phrase."""
    lexicon, fillers = words.lexicon(kinds), words.phrases("fillers")
    found: list[frozenset[str]] = []
    place = 0
    while place < len(said):
        phrase = words.longest(said, place, lexicon)
        if phrase is not None:
            found.append(lexicon[phrase])
        else:
            phrase = words.longest(said, place, fillers)
            if phrase is None:
                return []
        place += len(phrase)
    return found


def _slipped(said: Tokens, kinds: tuple[str, ...]) -> Collection[str]:
    """The kinds of phrases that are one slip of the finger away from it: with all its words, for one of politeness may
    belong to a phrase ("parar tudo"), else without those."""
    return _a_slip_away(said, kinds) or _a_slip_away(_meant(said), kinds)


def _a_slip_away(typed: Tokens, kinds: tuple[str, ...]) -> Collection[str]:
    found: set[str] = set()
    for meant, of in words.lexicon(kinds).items():
        different = [pair for pair in zip(typed, meant, strict=False) if pair[0] != pair[1]]
        if len(typed) == len(meant) and len(different) == 1:
            one, other = different[0]
            if len(other) >= SLIP_FROM and one_slip(one, other):
                found |= of
    return found


def one_slip(typed: str, meant: str) -> bool:
    """One letter left out, doubled or put in, or two swapped. Another letter instead is another word: "cancer"."""
    if abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    start = next((place for place, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    if start is None:
        return True
    if len(typed) == len(meant):
        swapped = meant[:start] + meant[start + 1 : start + 2] + meant[start] + meant[start + 2 :]
        return typed == swapped
    longer, shorter = (typed, meant) if len(typed) > len(meant) else (meant, typed)
    return longer[:start] + longer[start + 1 :] == shorter
