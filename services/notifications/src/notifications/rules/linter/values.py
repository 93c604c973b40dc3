"""What is checked before a wording goes to patients, and what is found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from common.contracts.directory import Country, Locale
from common.contracts.notifications import MessageClass
from notifications.rules.sms import Tariff

BUILT_IN: Final = "built-in"


@dataclass(frozen=True)
class Wording:
    """One locale's wording of a template. Without `sms` its lines are sent as an SMS too."""

    lines: tuple[str, ...]
    sms: tuple[str, ...] = ()

    @property
    def by_sms(self) -> tuple[str, tuple[str, ...]]:
        """The part that goes by SMS, with its name."""
        return ("sms", self.sms) if self.sms else ("lines", self.lines)

    def places(self) -> list[tuple[str, str]]:
        """Every line with where it stands: `lines[0]`, `sms[2]`."""
        found = [(f"lines[{place}]", line) for place, line in enumerate(self.lines)]
        return found + [(f"sms[{place}]", line) for place, line in enumerate(self.sms)]

    def sms_places(self) -> list[tuple[str, str]]:
        """Every line of what goes by SMS, with where it stands."""
        name, lines = self.by_sms
        return [(f"{name}[{place}]", line) for place, line in enumerate(lines)]


@dataclass(frozen=True)
class Draft:
    """A template as a network words it. A fallback names another locale of the draft, or `built-in`."""

    name: str
    wordings: Mapping[Locale, Wording]
    fallbacks: Mapping[Locale, str]


@dataclass(frozen=True)
class Contract:
    """What a template is for, and what it has to say."""

    message_class: MessageClass
    says: tuple[str, ...]
    hides: tuple[str, ...] = ()
    """What it says besides, but never where others can read it: the short wording goes there."""


@dataclass(frozen=True)
class Claim:
    """Words that medical advertising of a country may not use."""

    id: str
    country: Country
    pattern: re.Pattern[str]
    source: str


@dataclass(frozen=True, eq=False)
class Rulebook:
    """Everything that a wording is held against."""

    contracts: Mapping[str, Contract]
    claims: tuple[Claim, ...]
    health: Mapping[str, re.Pattern[str]]
    opt_out: Mapping[str, re.Pattern[str]]
    datives: frozenset[Locale]
    """The languages that say "to whom" where a practitioner's dative is stored."""


@dataclass(frozen=True)
class Where:
    """Where the wording is to be used: the country, its SMS, and the languages that patients may be written in."""

    country: Country
    locales: tuple[Locale, ...]
    tariff: Tariff


@dataclass(frozen=True)
class Finding:
    """What stands in the way of publishing, and where. What may be `waived` needs a named approver and a reason."""

    code: str
    locale: Locale | None
    place: str
    detail: str
    source: str
    waivable: bool = False
