"""Names and specialities in the Russian dative ("к кому"), as a proposal that a person looks at before it is stored."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pytrovich.detector import PetrovichGenderDetector
from pytrovich.enums import Case, Gender, NamePart
from pytrovich.maker import PetrovichDeclinationMaker

from common.contracts.notifications import ProposedNameForms

CYRILLIC = re.compile(r"[а-яёәғқңөұүһі-]+", re.IGNORECASE)
TITLES = frozenset({"доктор", "д-р", "др", "врач"})
FEMALE = re.compile(r"(вна|чна|шна|[қк]ызы)$", re.IGNORECASE)
MALE = re.compile(r"(вич|ьич|мич|кич|тич|нич|[ұу]лы|о[ғг]лы)$", re.IGNORECASE)
FAMILY = re.compile(
    r"(ов|ев|ёв|ин|ын|[сц]кий|ко|ова|ева|ёва|ина|ына|[сц]кая|ук|юк|ян|дзе|швили)$", re.IGNORECASE
)

ADJECTIVE = re.compile(r"(ый|ий|ой|ая|яя)$")
HEADS = frozenset({"заведующий", "заведующая", "управляющий", "управляющая"})
"""Adjectives that stand for the person: what follows them is theirs and keeps its case."""
AGENT = re.compile(r"(лог|атр|ург|ист|евт|опед|тезист|нт|вед|сестра|брат|акушер|акушерка|щик|тель|врач)$")
"""A further noun that means the same person ("врач стоматолог"); any other belongs to the first one."""


@cache
def _maker() -> PetrovichDeclinationMaker:
    return PetrovichDeclinationMaker()


@cache
def _detector() -> Any:  # its method has no annotations
    return PetrovichGenderDetector()


def dative_of_name(name: str) -> str | None:
    """ "Айгерим Нурлановна" → "Айгерим Нурлановне"; None where sex or script leave it open."""
    words = name.replace(".", "").split()
    while words and words[0].casefold() in TITLES:
        words = words[1:]
    if not 1 <= len(words) <= 3 or not all(CYRILLIC.fullmatch(word) for word in words):
        return None
    parts = _parts(words)
    gender = _gender(parts)
    if gender is None:
        return None
    return " ".join(_declined(part, gender, word) for part, word in parts)


def _parts(words: list[str]) -> list[tuple[NamePart, str]]:
    """Which word is what: a patronymic shows itself, and before or after it comes the family name."""
    patronymic = next((place for place, word in enumerate(words) if place and _sex_of_patronymic(word)), None)
    if patronymic is not None:
        kinds = {patronymic: NamePart.MIDDLENAME, patronymic - 1: NamePart.FIRSTNAME}
        return [(kinds.get(place, NamePart.LASTNAME), word) for place, word in enumerate(words)]
    if len(words) == 2 and FAMILY.search(words[0]) and not FAMILY.search(words[1]):
        return [(NamePart.LASTNAME, words[0]), (NamePart.FIRSTNAME, words[1])]
    kinds_in_order = (NamePart.FIRSTNAME, NamePart.LASTNAME, NamePart.LASTNAME)
    return list(zip(kinds_in_order, words, strict=False))


def _sex_of_patronymic(word: str) -> Gender | None:
    if FEMALE.search(word):
        return Gender.FEMALE
    return Gender.MALE if MALE.search(word) else None


def _gender(parts: list[tuple[NamePart, str]]) -> Gender | None:
    named = dict(parts)
    if sex := _sex_of_patronymic(named.get(NamePart.MIDDLENAME, "")):
        return sex
    found: Gender | None = _detector().detect(
        firstname=named.get(NamePart.FIRSTNAME), lastname=named.get(NamePart.LASTNAME), middlename=None
    )
    return found if found in {Gender.FEMALE, Gender.MALE} else None


def _declined(part: NamePart, gender: Gender, word: str) -> str:
    return _maker().make(part, gender, Case.DATIVE, word)


def dative_of_speciality(speciality: str) -> str | None:
    """ "Детский стоматолог" → "детскому стоматологу"; what depends on the noun keeps its case."""
    if not speciality.strip():
        return None
    found = [_dative_of_phrase(phrase.split()) for phrase in speciality.split(",")]
    return ", ".join(found) if all(found) else None


def _dative_of_phrase(words: list[str]) -> str:
    found: list[str] = []
    head = False
    for word in (_plain(one) for one in words):
        declines = not head or AGENT.search(word)
        found.append(_dative_of_word(word) if declines else word)
        head = head or not ADJECTIVE.search(word) or word in HEADS
    return " ".join(found)


def _plain(word: str) -> str:
    """In the middle of a sentence; abbreviations keep their capitals."""
    return "-".join(one if one.isupper() else one.lower() for one in word.split("-"))


def _dative_of_word(word: str) -> str:
    return "-".join(_dative_of_part(one) for one in word.split("-"))


def _dative_of_part(word: str) -> str:
    if word.isupper():
        return word
    stem, last = word[:-2], word[-1:]
    match word[-2:]:
        case "ый" | "ой":
            return f"{stem}ому"
        case "ий":
            return f"{stem}ому" if stem[-1:] in "гкх" else f"{stem}ему"
        case "ая":
            return f"{stem}ей" if stem[-1:] in "жчшщ" else f"{stem}ой"
        case "яя":
            return f"{stem}ей"
        case "ия":
            return f"{stem}ии"
    if last in {"а", "я"}:
        return f"{word[:-1]}е"
    if last in {"ь", "й"}:
        return f"{word[:-1]}ю"
    return word if last in "оеуиюыэ" else f"{word}у"


def proposed(display: Mapping[str, str], speciality: Mapping[str, str]) -> ProposedNameForms:
    """The forms that this system's texts need, in the languages that have them."""
    name, work = dative_of_name(display.get("ru", "")), dative_of_speciality(speciality.get("ru", ""))
    return ProposedNameForms(
        dative={"ru": name} if name else {}, speciality_dative={"ru": work} if work else {}
    )
