"""The words of telephone calls, one file per locale; times are said with `hour` and `minute` as numbers."""

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from common.contracts.directory import Locale
from notifications.rules.speech import Spoken
from notifications.templates import texts


@cache
def spoken(locale: Locale) -> Spoken:
    """One locale's."""
    raw: dict[str, Any] = json.loads(
        files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    )
    written = texts(locale)
    return Spoken(
        locale, replace(written, moments={**written.moments, **_moments(raw["moments"])}), raw["phrases"]
    )


def _moments(raw: dict[str, str]) -> dict[str, str]:
    """Every form of a moment ends in the same time of day; what is short in writing is said in full."""
    said = {form: raw[form].replace("{clock}", raw["clock"]) for form in ("when", "today", "tomorrow")}
    return said | {f"short_{form}": said[form] for form in ("today", "tomorrow")} | {"short": said["when"]}
