"""What is special about a date in a country: holidays, optional ones that count, days of mourning, estimated days."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import holidays

from notifications.rules.values import Day

ESTIMATED = re.compile(r" \(estimated\)$")
KEYS = "en_US"
"""The language in which packs name a day; what people read is in the pack's own."""

Confirmed = tuple[tuple[str, date], ...]


def calendar(raw: Mapping[str, Any], subdivision: str, confirmed: Confirmed) -> Callable[[date], Day | None]:
    """A function from a date to what is special about it.

    Lunar days that the library marks as estimated count a day earlier and later too, until their date is confirmed:
    by the pack, the network or the branch. Overlays add a day, or take one away by an empty name.
    """
    keys = _library(raw, subdivision, KEYS)
    names = _library(raw, subdivision, raw["language"])
    mourning = frozenset(raw.get("mourning", ()))
    known = (*((one["name"], one["date"]) for one in raw.get("confirmed", ())), *confirmed)
    overlays = [(one, (one["month"], one["day"])) for one in raw.get("overlay", ())]

    def certain(day: date) -> Day | None:
        """What is said of this very date, as if nothing were estimated."""
        for one, month_day in overlays:
            applies = one["valid_from"] <= day <= one.get("valid_to", date.max)
            if applies and (day.month, day.day) == month_day:
                return Day(one["name"], holiday=True, mourning=False) if one["name"] else None
        listed = [name for name in _listed(keys.get(day)) if not _elsewhere(name, day, known)]
        listed += [name for name, on in known if on == day and name not in map(_bare, listed)]
        if not listed:
            return None
        own = names.get(day) if day not in {on for _, on in known} else None
        estimated = all(ESTIMATED.search(name) and (_bare(name), day) not in known for name in listed)
        return Day(
            ESTIMATED.sub("", str(own)) if own else "; ".join(map(_bare, listed)),
            holiday=True, mourning=any(_bare(name) in mourning for name in listed), estimated=estimated,
        )  # fmt: skip

    @cache
    def special(day: date) -> Day | None:
        found = certain(day)
        near = [
            replace(one, estimated=True)
            for one in (certain(day - timedelta(days=1)), certain(day + timedelta(days=1)))
            if one is not None and one.estimated
        ]
        return _together([one for one in (found, *near) if one is not None])

    return special


def _library(raw: Mapping[str, Any], subdivision: str, language: str) -> Mapping[date, str]:
    """The library's days; those of its optional category only where the pack names them."""
    country, wanted = raw["country"], frozenset(raw.get("optional", ()))
    subdiv = _subdivision(country, subdivision)
    public = holidays.country_holidays(country, subdiv=subdiv, language=language)
    if not wanted:
        return public
    optional, keyed = (
        holidays.country_holidays(country, subdiv=subdiv, language=each, categories=("optional",))
        for each in (language, KEYS)
    )
    return _Both(public, optional, keyed, wanted)


class _Both(dict[date, str]):
    """Public holidays, and of the optional ones those that are wanted."""

    def __init__(
        self, public: Mapping[date, str], optional: Mapping[date, str], keyed: Mapping[date, str], wanted: frozenset[str]
    ) -> None:  # fmt: skip
        super().__init__()
        self._public, self._optional, self._keyed, self._wanted = public, optional, keyed, wanted

    def get(self, day: date, default: Any = None) -> Any:
        found = self._public.get(day)
        if found is None and self._wanted.intersection(_listed(self._keyed.get(day))):
            found = self._optional.get(day)
        return found if found is not None else default


def _subdivision(country: str, subdivision: str) -> str | None:
    """A state or department, where the library knows its days; ISO 3166-2 with or without the country."""
    plain = subdivision.removeprefix(f"{country}-")
    known = holidays.country_holidays(country)
    return plain if plain in {*known.subdivisions, *getattr(known, "subdivisions_aliases", {})} else None


def _listed(names: str | None) -> list[str]:
    return names.split("; ") if names else []


def _bare(name: str) -> str:
    return ESTIMATED.sub("", name)


def _elsewhere(name: str, day: date, known: Iterable[tuple[str, date]]) -> bool:
    """Whether an estimated day was confirmed for another date near this one."""
    if ESTIMATED.search(name) is None:
        return False
    return any(_bare(name) == other and on != day and abs((on - day).days) <= 3 for other, on in known)


def _together(days: list[Day]) -> Day | None:
    """Several things at once are one day: named by the first, certain as soon as one of them is."""
    if not days:
        return None
    return Day(
        days[0].name, holiday=any(one.holiday for one in days), mourning=any(one.mourning for one in days),
        estimated=all(one.estimated for one in days),
    )  # fmt: skip
