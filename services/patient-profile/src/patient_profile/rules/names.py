"""Names: what is one, how two are compared, and which part of it is which, where that can be told."""

import re
import unicodedata
from dataclasses import dataclass

from common.errors import Refused
from common.sealed import normalised

LONGEST = 120

_JOINERS = "\u200c\u200d"  # Persian and Kurdish names are written with them
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u061c\u2060\ufeff"  # pasted along with a name, and no part of it


class MalformedName(Refused):
    """What was typed cannot be a person's name."""

    code = "malformed-name"


@dataclass(frozen=True)
class Parts:
    """What is known of a name; empty where it cannot be told."""

    given_name: str = ""
    patronymic: str = ""
    family_name: str = ""


def cleaned(full_name: str) -> str:
    """A name as it is kept: NFC, single spaces, no invisible marks. Refuses control characters and what is no name."""
    name = unicodedata.normalize("NFC", full_name.translate(dict.fromkeys(map(ord, _INVISIBLE))))
    if any(unicodedata.category(letter).startswith("C") and letter not in _JOINERS for letter in name):
        raise MalformedName("A name has no control characters")
    name = " ".join(name.split())
    if len(name) > LONGEST or not any(letter.isalpha() for letter in name):
        raise MalformedName(f"A name has letters, and at most {LONGEST} characters")
    return name


def compared(full_name: str) -> str:
    """A name as it is compared with others: е and ё are one letter, as people write them."""
    return normalised(full_name).replace("ё", "е")


def words(full_name: str) -> list[str]:
    """The words by which somebody is found, each once."""
    return list(dict.fromkeys(word for word in re.split(r"[\s\-'’.,]+", compared(full_name)) if word))


def parts(full_name: str, country: str) -> Parts:
    """Split a name where its form tells its parts; a wrong guess is worse than none, for it is said aloud.

    Cyrillic names are told by patronymics and endings of surnames, Chinese ones by their first character (or two,
    in compound surnames); elsewhere the given name comes first, unless the surname is set in capitals.
    """
    name = full_name.split()
    if _is_written_in(full_name, "CJK"):
        return _chinese(name)
    if _is_written_in(full_name, "CYRILLIC"):
        return _cyrillic(name)
    if _is_written_in(full_name, "ARABIC"):
        return Parts(given_name=name[0], family_name=name[1]) if len(name) == 2 else _only(name)
    if _is_written_in(full_name, "LATIN") and country.upper() in {"BR", "FR", "GB"}:
        return _western(name)
    return _only(name)


def _only(name: list[str]) -> Parts:
    return Parts(given_name=name[0]) if len(name) == 1 else Parts()


def _is_written_in(text: str, script: str) -> bool:
    return all(unicodedata.name(letter, "").startswith(script) for letter in text if letter.isalpha())


_PATRONYMIC = re.compile(
    r".{2,}(?:ович|евич|ьич|овна|евна|ична|инична|ұлы|улы|қызы|кызы|оглы|гызы|заде)", re.IGNORECASE
)
_FEMALE_PATRONYMIC = re.compile(r".{2,}(?:овна|евна|ична|қызы|кызы|гызы)", re.IGNORECASE)
_SHORT_PATRONYMICS = frozenset({"ильич", "кузьмич", "лукич", "фомич", "саввич", "никитич"})
_SURNAME = re.compile(
    r".{3,}(?:ов|ова|ев|ева|ёв|ёва|ский|ская|цкий|цкая|енко|чук|дзе|швили)|.{4,}(?:бай|баева|баев|беков|бекова)",
    re.IGNORECASE,
)


def _is_patronymic(word: str) -> bool:
    return bool(_PATRONYMIC.fullmatch(word)) or word.casefold() in _SHORT_PATRONYMICS


def _cyrillic(name: list[str]) -> Parts:
    match name:
        case [word]:
            return Parts(family_name=word) if _SURNAME.fullmatch(word) else Parts(given_name=word)
        case [first, second]:
            return _cyrillic_pair(first, second)
        case [first, second, third]:
            if _is_patronymic(third) and not _is_patronymic(second):
                return Parts(family_name=first, given_name=second, patronymic=third)
            if _is_patronymic(second) and not _is_patronymic(third):
                return Parts(given_name=first, patronymic=second, family_name=third)
            return Parts()
        case _:
            return Parts()


def _cyrillic_pair(first: str, second: str) -> Parts:
    """Two words: "Айгерим Нурлановна", "Айгерим Ахметова" or "Ахметова Айгерим".

    A man's "Роман Абрамович" may be a patronymic or a surname: only the first name is taken.
    """
    if _FEMALE_PATRONYMIC.fullmatch(second):
        return Parts(given_name=first, patronymic=second)
    if _is_patronymic(second):
        return Parts(given_name=first)
    surnames = [bool(_SURNAME.fullmatch(word)) for word in (first, second)]
    if surnames == [True, False]:
        return Parts(family_name=first, given_name=second)
    if surnames == [False, True]:
        return Parts(given_name=first, family_name=second)
    return Parts()


_COMPOUND_SURNAMES = frozenset(
    [
        "歐陽",
        "欧阳",
        "司馬",
        "司马",
        "諸葛",
        "诸葛",
        "上官",
        "司徒",
        "夏侯",
        "皇甫",
        "公孫",
        "公孙",
        "令狐",
        "東方",
        "东方",
        "尉遲",
        "尉迟",
        "端木",
        "張簡",
        "范姜",
        "南宮",
        "南宫",
    ]
)


def _chinese(name: list[str]) -> Parts:
    if len(name) != 1 or not 2 <= len(name[0]) <= 4:
        return Parts()
    surname = 2 if name[0][:2] in _COMPOUND_SURNAMES and len(name[0]) > 2 else 1
    if len(name[0]) - surname > 2:
        return Parts()
    return Parts(family_name=name[0][:surname], given_name=name[0][surname:])


def _western(name: list[str]) -> Parts:
    if len(name) == 1:
        return Parts(given_name=name[0])
    capitals = [word for word in name if word.isupper() and len(word) > 1]
    others = [word for word in name if word not in capitals]
    if capitals and others:
        return Parts(given_name=" ".join(others), family_name=" ".join(capitals))
    return Parts(given_name=name[0], family_name=" ".join(name[1:]))
