"""ICU MessageFormat: formatting, and reading a pattern without formatting it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import cast

from icu4py.messageformat import MessageFormat

CHOOSING = frozenset({"plural", "selectordinal", "select"})


@dataclass(frozen=True)
class Argument:
    """One `{…}` of a pattern. `branches` are the cases of a plural or select, as patterns of their own."""

    name: str
    kind: str
    branches: tuple[tuple[str, str], ...] = ()

    @property
    def keywords(self) -> tuple[str, ...]:
        """The cases by name, without exact numbers (`=0`)."""
        return tuple(keyword for keyword, _ in self.branches if not keyword.startswith("="))


class BrokenPatternError(ValueError):
    """It cannot be read as MessageFormat."""


Value = int | float | str | date


def format_message(locale: str, pattern: str, values: Mapping[str, Value]) -> str:
    """The pattern with its values. Raises `BrokenPatternError`."""
    pieces = _pieces(pattern)
    if pieces is not None:
        filled = [values.get(name) if name else literal for literal, name in pieces]
        if all(isinstance(one, str) for one in filled):
            return "".join(cast("list[str]", filled))
    return str(_message(pattern, locale).format(dict(values)))


@lru_cache(maxsize=2000)
def _pieces(pattern: str) -> tuple[tuple[str, str], ...] | None:
    """Literals and names of arguments in turn, where that is all there is to a pattern: no format, no case, no quote.

    Texts that only stand in for such an argument are the same in every language, and ICU takes ten times as long.
    """
    if "'" in pattern or any(one.kind for one in arguments(pattern)):
        return None
    found, place = [], 0
    for begins, ends in _spans(pattern):
        found += [(pattern[place:begins], ""), ("", pattern[begins + 1 : ends].strip())]
        place = ends + 1
    return (*found, (pattern[place:], ""))


@lru_cache(maxsize=2000)
def _message(pattern: str, locale: str) -> MessageFormat:
    try:
        return MessageFormat(pattern, locale)
    except ValueError as error:
        raise BrokenPatternError(str(error)) from error


def check(locale: str, pattern: str) -> None:
    """Raises `BrokenPatternError` where ICU cannot read it."""
    _message(pattern, locale)


@lru_cache(maxsize=2000)
def arguments(pattern: str) -> tuple[Argument, ...]:
    """What the pattern asks for at its outer level. Raises `BrokenPatternError`."""
    return tuple(_argument(inner) for inner in _braced(pattern))


def every_argument(pattern: str) -> Iterator[Argument]:
    """All arguments, those inside the branches of others too."""
    for one in arguments(pattern):
        yield one
        for _, branch in one.branches:
            yield from every_argument(branch)


def _argument(inner: str) -> Argument:
    name, _, rest = inner.partition(",")
    kind, _, style = rest.partition(",")
    kind = kind.strip()
    branches = tuple(_branches(style)) if kind in CHOOSING else ()
    return Argument(name.strip(), kind, branches)


def _branches(style: str) -> Iterator[tuple[str, str]]:
    place = 0
    for begins, ends in _spans(style):
        keyword = style[place:begins].split()
        if not keyword:
            raise BrokenPatternError("a case without its name")
        yield keyword[-1], style[begins + 1 : ends]
        place = ends + 1


def _braced(pattern: str) -> Iterator[str]:
    for begins, ends in _spans(pattern):
        yield pattern[begins + 1 : ends]


def _spans(pattern: str) -> Iterator[tuple[int, int]]:
    """The outermost braces. An apostrophe before a brace quotes up to the next one, as ICU does by default."""
    depth, begins, place = 0, 0, 0
    while place < len(pattern):
        one = pattern[place]
        if one == "'" and pattern[place + 1 : place + 2] in {"{", "}"}:
            place = pattern.find("'", place + 1)
            if place < 0:
                break
        elif one == "{":
            if depth == 0:
                begins = place
            depth += 1
        elif one == "}" and depth:
            depth -= 1
            if depth == 0:
                yield begins, place
        place += 1
    if depth:
        raise BrokenPatternError("a brace is not closed")
