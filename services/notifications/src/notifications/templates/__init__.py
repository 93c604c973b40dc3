"""The texts, one file per locale: ICU MessageFormat by line. A line whose placeholder has no value is left out."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, cast

from common.contracts.directory import Locale
from notifications.rules.texts import Texts


@cache
def texts(locale: Locale) -> Texts:
    """The texts of one locale."""
    raw: dict[str, Any] = json.loads(
        files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    )
    return Texts(
        locale=locale,
        greeting=raw["greeting"],
        name_style=raw["name"],
        honorific=raw.get("honorific", {}),
        moments={name: cast("str", raw[name]) for name in ("when", "today", "tomorrow")},
        address=raw["address"],
        to_whom=raw.get("to_whom"),
        doctor=raw["doctor"],
        buttons=raw["buttons"],
        lines={name: tuple(lines) for name, lines in raw["lines"].items()},
    )
