"""What patients say, one file per language, and how their writing is made comparable.

Every language is understood whatever the patient's own: people answer in the one that comes to mind. Emoji and digits
that mean the same everywhere are in `any.json`; what they call a service of each kind is in `services.json`.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from common.contracts.directory import Locale

LANGUAGES = ("any", *get_args(Locale))
LONGEST = 500

_SAME = str.maketrans({"ي": "ی", "ك": "ک", "ة": "ه", "’": "'", "ʼ": "'", "\u200c": "", "\u200d": "", "ـ": ""})
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_CJK = "\u3400-\u9fff"
_PICTURES = "\u2600-\u27bf\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
_TOKEN = re.compile(rf"@\d+|[{_CJK}]|[{_PICTURES}]|\+|(?:(?![{_CJK}])[\w'])+")

Tokens = tuple[str, ...]


def folded(text: str) -> str:
    """Case, width, diacritics, Persian and Arabic variants of letters, and digits of any script, all made alike."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).casefold().translate(_SAME)
    bare = "".join(each for each in unicodedata.normalize("NFD", plain) if unicodedata.category(each) != "Mn")
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in bare)
    return _STRETCHED.sub(r"\1", digits)


def tokens(text: str) -> Tokens:
    """Words; every Chinese character and every emoji is a word of its own, since nothing divides them."""
    return tuple(_TOKEN.findall(folded(text)))


@cache
def language(code: str) -> Mapping[str, Any]:
    """One language's file."""
    raw: dict[str, Any] = json.loads(files(__package__).joinpath(f"{code}.json").read_text(encoding="utf-8"))
    return raw


@cache
def called(kind: str) -> tuple[str, ...]:
    """What people call a service of this kind, in every language."""
    return tuple(name for names in language("services").get(kind, {}).values() for name in names)


@cache
def phrases(kind: str) -> frozenset[Tokens]:
    """All ways of saying one thing, in every language."""
    return frozenset(
        tokens(phrase) for code in LANGUAGES for phrase in language(code).get(kind, ()) if tokens(phrase)
    )


@cache
def listed(kind: str) -> Mapping[Tokens, int]:
    """Of what comes in a row (weekdays, months): a way of saying one -> its place, from 0."""
    return {
        tokens(phrase): place
        for code in LANGUAGES
        for place, names in enumerate(language(code).get(kind, ()))
        for phrase in names
    }


@cache
def lexicon(kinds: tuple[str, ...]) -> Mapping[Tokens, frozenset[str]]:
    """A phrase -> which of these kinds it may be."""
    found: dict[Tokens, set[str]] = defaultdict(set)
    for kind in kinds:
        for phrase in phrases(kind):
            found[phrase].add(kind)
    return {phrase: frozenset(of) for phrase, of in found.items()}


def longest(said: Tokens, at: int, known: Iterable[Tokens] | Mapping[Tokens, object]) -> Tokens | None:
    """The longest known phrase that stands at this place."""
    for end in range(min(len(said), at + 7), at, -1):
        if said[at:end] in known:
            return said[at:end]
    return None


def mentions(text: str, kind: str) -> bool:
    """Whether words of a language that mean this stand anywhere in it; digits and emoji alone do not count."""
    said, known = tokens(text), phrases(kind) - {tokens(sign) for sign in language("any").get(kind, ())}
    return any(longest(said, place, known) for place in range(len(said)))


def recognised(code: str, text: str) -> int:
    """How many words of this language's file a text has: what its language is guessed by."""
    said = tokens(text)
    known = _all_of(code)
    return sum(1 for place in range(len(said)) if longest(said, place, known))


@cache
def _all_of(code: str) -> frozenset[Tokens]:
    flat: list[str] = []
    for value in language(code).values():
        for each in value:
            flat += each if isinstance(each, list) else [each]
    return frozenset(tokens(each) for each in flat)
