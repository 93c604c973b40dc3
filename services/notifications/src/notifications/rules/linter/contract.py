"""Whether a template says what it is there to say, in every language of the place."""

from collections.abc import Iterator, Mapping, Sequence

from common.contracts.directory import Locale
from notifications.rules.linter.syntax import readable
from notifications.rules.linter.values import BUILT_IN, Contract, Draft, Finding, Where
from notifications.rules.texts.icu import arguments

SOURCE = "the template's contract"

WAYS: Mapping[str, frozenset[str]] = {
    "when": frozenset({"when", "when_day", "when_short", "when_day_short"}),
    "address": frozenset({"address", "address_short"}),
    "doctor": frozenset({"doctor", "doctor_any", "doctor_name", "to_whom"}),
    "visits": frozenset({"visits", "visits_numbered"}),
    "options": frozenset({"options", "link"}),
    "link": frozenset({"link", "phone"}),
    "phone": frozenset({"phone", "link"}),
}
"""A fact -> the placeholders that say it, where it is not the one of the same name."""

OFTEN_UNKNOWN = frozenset({"service", "preparation", "bring", "price", "name", "link", "book_link"})


def missing_facts(draft: Draft, contract: Contract, datives: frozenset[Locale]) -> Iterator[Finding]:
    """Facts that the text would not say, at least for some patients: lines with something unknown are left out.

    Where the language has datives, a practitioner's may be stored (`to_whom`) or not (`doctor`).
    """
    for locale, wording in draft.wordings.items():
        doctors = ("to_whom", "doctor") if locale in datives else ("to_whom",)
        lacks = [frozenset({whom}) | more for whom in doctors for more in (frozenset[str](), OFTEN_UNKNOWN)]
        for part, lines in (("lines", wording.lines), ("sms", wording.sms)):
            if not lines and part == "sms":
                continue
            sound = [line for line in lines if readable(locale, line)]
            for fact in (*contract.says, *(contract.hides if part == "lines" else ())):
                if not all(_says(sound, fact, lacking) for lacking in lacks):
                    yield Finding("missing-fact", locale, part, fact, SOURCE)


def _says(lines: Sequence[str], fact: str, lacking: frozenset[str]) -> bool:
    ways = WAYS.get(fact, frozenset({fact}))
    for line in lines:
        names = {one.name for one in arguments(line)}
        if not names & lacking and names & ways:
            return True
    return False


def missing_locales(draft: Draft, where: Where) -> Iterator[Finding]:
    """Languages of the place that the draft neither words nor sends elsewhere, and fallbacks that lead nowhere."""
    for locale in where.locales:
        if locale in draft.wordings:
            continue
        fallback = draft.fallbacks.get(locale)
        if fallback is None:
            yield Finding(
                "missing-locale", locale, "", "no wording and no fallback", "languages of the branches"
            )
        elif fallback != BUILT_IN and fallback not in draft.wordings:
            yield Finding("missing-locale", locale, "fallbacks", fallback, "languages of the branches")
