"""The languages of the pages: which one a visitor gets, and its texts, which are data of this package."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Area = Literal["public", "staff"]

RIGHT_TO_LEFT = frozenset({"fa"})

OWN_NAMES = {
    "ru": "Русский",
    "kk": "Қазақша",
    "en": "English",
    "pt-BR": "Português",
    "fa": "فارسی",
    "fr": "Français",
    "zh-TW": "繁體中文",
}
"""Each language by its own name, as a switcher has to show it."""

AREAS: dict[Area, tuple[str, ...]] = {"public": tuple(OWN_NAMES), "staff": ("ru", "en", "kk")}


@dataclass(frozen=True)
class Language:
    """One language of a page, with its texts."""

    code: str
    texts: dict[str, str]

    @property
    def direction(self) -> str:
        """For the `dir` of the page."""
        return "rtl" if self.code in RIGHT_TO_LEFT else "ltr"

    def text(self, key: str, **values: object) -> str:
        """A text with its `{values}` put in; a missing key is a bug, not a gap on the page."""
        found = self.texts[key]
        for name, value in values.items():
            found = found.replace("{" + name + "}", str(value))
        return found


@cache
def language(area: Area, code: str) -> Language:
    """The texts of one area of the site in one language."""
    source = files("gateway.web") / "locales" / area / f"{code}.json"
    return Language(code, cast("dict[str, str]", json.loads(source.read_text(encoding="utf-8"))))


def offered(area: Area, locales: Sequence[str]) -> list[str]:
    """Which of a network's locales the pages of this area speak, in the network's order; never none."""
    spoken = [code for code in locales if code in AREAS[area]]
    return spoken or [AREAS[area][0]]


def choose(offered: Sequence[str], *wishes: str | None) -> str:
    """The first wish (an exact code, or an Accept-Language header) that is offered, else the first offered."""
    for wish in wishes:
        for code in _wanted(wish or ""):
            for one in offered:
                if code.lower() == one.lower() or code.split("-")[0].lower() == one.split("-")[0].lower():
                    return one
    return offered[0]


def _wanted(header: str) -> list[str]:
    """Language codes by falling weight (RFC 9110, 12.5.4); what cannot be read counts for nothing."""
    weighed: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        code, _, parameters = part.strip().partition(";")
        if not code or code == "*":
            continue
        name, _, value = parameters.strip().partition("=")
        try:
            weight = float(value) if name == "q" else 1.0
        except ValueError:
            weight = 0.0
        weighed.append((-weight, code.strip()))
    return [code for weight, code in sorted(weighed, key=lambda one: one[0]) if weight]
