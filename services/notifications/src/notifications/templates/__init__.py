"""The texts, one file per locale: ICU MessageFormat by line. A line whose placeholder has no value is left out."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from common.contracts.directory import Locale
from notifications.rules.texts import Texts


@cache
def texts(locale: Locale) -> Texts:
    """The built-in texts of one locale."""
    raw: dict[str, Any] = json.loads(
        files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    )
    return Texts(
        locale=locale,
        greeting=raw["greeting"],
        name_style=raw["name"],
        honorific=raw.get("honorific", {}),
        moments=raw["moments"],
        address=raw["address"],
        short_address=raw["short_address"],
        online=raw["online"],
        to_whom=raw.get("to_whom"),
        doctor=raw["doctor"],
        visit=raw["visit"],
        buttons=raw["buttons"],
        choices=raw["choices"],
        bring=raw["bring"],
        lines=_lines(raw["lines"]),
        sms=_lines(raw["sms"]),
        digits=raw.get("digits", ""),
        right_to_left=raw.get("right_to_left", False),
        document_calendar=raw.get("document_calendar", ""),
    )


def _lines(raw: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(lines) for name, lines in raw.items()}
