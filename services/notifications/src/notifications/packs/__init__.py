"""Policy as data: one file per jurisdiction, one for the presets of chains; read once, checked while reading."""

import re
import tomllib
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import holidays

from notifications.rules.values import Chain, Entry, Hours, Moment, Pack, Step

OFFSET = re.compile(r"(?P<anchor>booking|T|V)(?P<offset>[+-]\d+[dhm])?$")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@cache
def pack(country: str) -> Pack:
    """The policy pack of a country (ISO 3166 alpha-2)."""
    raw = _read(f"{country.lower()}.toml")
    return Pack(
        name=raw["name"],
        version=raw["version"],
        channels=tuple(raw["channels"]),
        abroad=frozenset(raw["abroad"]),
        entries=tuple(_entry(one) for one in raw["entries"]),
        holiday=_holiday(raw["holidays"]),
    )


@cache
def chain(preset: str) -> Chain:
    """A preset of reminders."""
    return Chain(preset, tuple(_step(one) for one in _read("chains.toml")[preset]))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _entry(raw: dict[str, Any]) -> Entry:
    return Entry(
        id=raw["id"],
        layer=raw["layer"],
        classes=frozenset(raw["classes"]),
        channels=frozenset(raw["channels"]) if "channels" in raw else None,
        open=tuple(_hours(one) for one in raw["open"]),
        holidays=raw.get("holidays", True),
        source=raw["source"],
        confidence=raw["confidence"],
        valid_from=raw.get("valid_from", date.min),
        valid_to=raw.get("valid_to", date.max),
        zone=raw.get("zone"),
    )


def _hours(raw: dict[str, Any]) -> Hours:
    return Hours(
        frozenset(raw["days"]),
        tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in raw["hours"]),
    )


def _holiday(raw: dict[str, Any]) -> Callable[[date], str | None]:
    """Names public holidays in a fixed language; an overlay adds a day, or takes one away by an empty name."""
    known = holidays.country_holidays(raw["country"], language=raw["language"])
    overlay = {(one["month"], one["day"]): one for one in raw.get("overlay", [])}

    @cache
    def named(day: date) -> str | None:
        found = overlay.get((day.month, day.day))
        if found is not None and found["valid_from"] <= day <= found.get("valid_to", date.max):
            return found["name"] or None
        name = known.get(day)
        return str(name) if name else None

    return named


def _step(raw: dict[str, Any]) -> Step:
    return Step(
        name=raw["step"],
        template=raw["template"],
        message_class=raw["class"],
        target=moment(raw["target"]),
        earliest=moment(raw["earliest"]),
        latest=moment(raw["latest"]),
        budget=timedelta(minutes=raw["budget_minutes"]),
        asks=raw.get("asks", False),
        orientation=raw.get("orientation", False),
    )


def moment(text: str) -> Moment:
    """`booking`, `T`, `T-48h`, `T-7d`, `V+7d` (after the visit), `evening-before`, `eve 14:00`."""
    if text == "evening-before":
        return Moment("evening-before")
    if text.startswith("eve "):
        return Moment("eve", at=time.fromisoformat(text.removeprefix("eve ")))
    found = OFFSET.match(text)
    if found is None:
        raise ValueError(f"not a moment: {text}")
    anchors = {"booking": "booking", "T": "start", "V": "visit"}
    offset = found["offset"] or "+0m"
    amount = timedelta(**{UNITS[offset[-1]]: int(offset[:-1])})
    return Moment(anchors[found["anchor"]], amount)  # type: ignore[arg-type]  # the pattern allows no other anchor
