"""Whether ICU can read the lines, whether they ask only for what there is, and count as their language does."""

from collections.abc import Iterator, Mapping

from common.contracts.directory import Locale
from notifications.rules.linter.values import Draft, Finding
from notifications.rules.texts import PLACEHOLDERS
from notifications.rules.texts.icu import Argument, BrokenPatternError, arguments, check, every_argument

MESSAGE_FORMAT = "ICU MessageFormat"
CLDR = "Unicode CLDR 48, plural rules for cardinal numbers"

PLURALS: Mapping[Locale, tuple[frozenset[str], frozenset[str]]] = {
    "ru": (frozenset({"one", "few", "many", "other"}), frozenset()),
    "kk": (frozenset({"one", "other"}), frozenset()),
    "en": (frozenset({"one", "other"}), frozenset()),
    "pt-BR": (frozenset({"one", "other"}), frozenset({"many"})),
    "fa": (frozenset({"one", "other"}), frozenset()),
    "fr": (frozenset({"one", "other"}), frozenset({"many"})),
    "zh-TW": (frozenset({"other"}), frozenset()),
}
"""The categories that a plural needs, and those that it may have (they begin at a million)."""


def readable(locale: Locale, line: str) -> bool:
    """Whether both ICU and our own reading of it come to an end."""
    try:
        check(locale, line)
        arguments(line)
    except BrokenPatternError:
        return False
    return True


def broken_lines(draft: Draft) -> Iterator[Finding]:
    """Lines that ICU cannot read: the other rules pass over them."""
    for locale, wording in draft.wordings.items():
        for place, line in wording.places():
            if not readable(locale, line):
                yield Finding("broken-syntax", locale, place, line, MESSAGE_FORMAT)


def unknown_placeholders(draft: Draft) -> Iterator[Finding]:
    """Names that nothing stands for."""
    for locale, place, one in _arguments(draft):
        if one.name not in PLACEHOLDERS:
            yield Finding("unknown-placeholder", locale, place, one.name, "placeholders of this system")


def wrong_plurals(draft: Draft) -> Iterator[Finding]:
    """A plural that lacks a category of its language, or names one that the language does not have."""
    for locale, place, one in _arguments(draft):
        if one.kind != "plural":
            continue
        needed, possible = PLURALS[locale]
        named = frozenset(one.keywords)
        for missing in sorted(needed - named):
            yield Finding("plural-missing", locale, place, f"{one.name}: {missing}", CLDR)
        for strange in sorted(named - needed - possible):
            yield Finding("plural-unknown", locale, place, f"{one.name}: {strange}", CLDR)


def _arguments(draft: Draft) -> Iterator[tuple[Locale, str, Argument]]:
    for locale, wording in draft.wordings.items():
        for place, line in wording.places():
            if readable(locale, line):
                for one in every_argument(line):
                    yield locale, place, one
