"""What texts are checked against and billed by, as data: read once, checked while reading."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from common.contracts.directory import Country, Locale
from notifications.rules.linter import Claim, Contract, Rulebook
from notifications.rules.sms import Price, Tariff
from notifications.templates import texts


@cache
def tariff(country: Country) -> Tariff:
    """SMS of a country."""
    raw = _read("sms.toml")[country]
    return Tariff(
        prices=tuple(Price(**one) for one in raw["prices"]),
        most_segments=raw["most_segments"],
        transliterated=frozenset(raw["transliterated"]),
        registered_links=raw.get("registered_links", False),
    )


@cache
def rulebook() -> Rulebook:
    """Everything that a wording is held against."""
    words = _read("words.toml")
    return Rulebook(
        contracts={
            name: Contract(raw["class"], tuple(raw["says"]), tuple(raw.get("hides", ())))
            for name, raw in _read("contracts.toml").items()
        },
        claims=tuple(
            Claim(raw["id"], raw["country"], _pattern(raw["pattern"]), raw["source"])
            for raw in words["claims"]
        ),
        health={locale: _pattern(pattern) for locale, pattern in words["health"].items()},
        opt_out={locale: _pattern(pattern) for locale, pattern in words["opt_out"].items()},
        datives=frozenset(locale for locale in get_args(Locale) if texts(locale).to_whom),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
