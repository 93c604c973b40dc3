"""What texts are checked against and billed by, as data: read once, checked while reading."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from notifications.rules.sms import Price, Tariff


@cache
def tariff(country: str) -> Tariff:
    """SMS of a country."""
    raw = read("sms.toml")[country]
    return Tariff(
        prices=tuple(Price(**one) for one in raw["prices"]),
        most_segments=raw["most_segments"],
        transliterated=frozenset(raw["transliterated"]),
        registered_links=raw.get("registered_links", False),
    )


@cache
def read(name: str) -> dict[str, Any]:
    """A file of this folder."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
