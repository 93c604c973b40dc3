"""The words of telephone calls, one file per locale; times are said with `hour` and `minute` as numbers."""

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from common.contracts.directory import Locale
from notifications.rules.speech import Spoken
from notifications.rules.texts import Texts
from notifications.templates import texts
from notifications.templates.checks import rulebook


@cache
def spoken(locale: Locale) -> Spoken:
    """One locale's."""
    raw: dict[str, Any] = json.loads(
        files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    )
    written = texts(locale)
    aloud = replace(
        written, moments={**written.moments, **_moments(raw["moments"])}, lines=_without_opting_out(written)
    )
    return Spoken(locale, aloud, raw["phrases"])


def _without_opting_out(written: Texts) -> dict[str, tuple[str, ...]]:
    """Which word to send against invitations is for those who can write back: a call is refused by its key."""
    rules = rulebook()
    by_word = rules.opt_out[written.locale]
    return {
        name: tuple(line for line in lines if not by_word.search(line))
        if name in rules.contracts and rules.contracts[name].message_class == "marketing"
        else lines
        for name, lines in written.lines.items()
    }


def _moments(raw: dict[str, str]) -> dict[str, str]:
    """Every form of a moment ends in the same time of day; what is short in writing is said in full."""
    said = {form: raw[form].replace("{clock}", raw["clock"]) for form in ("when", "today", "tomorrow")}
    return said | {f"short_{form}": said[form] for form in ("today", "tomorrow")} | {"short": said["when"]}
