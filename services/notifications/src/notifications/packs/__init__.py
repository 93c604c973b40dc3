"""Policy as data: one file per jurisdiction, one for the presets of chains; read once, checked while reading."""

import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, get_args

from common.contracts.directory import Country, Preset
from notifications.packs import manifest, reading
from notifications.packs.calendars import calendar
from notifications.packs.reading import MalformedPack
from notifications.rules.values import Chain, Layer, Pack

__all__ = ["MalformedPack", "chain", "pack", "preset", "read_all"]


@lru_cache(maxsize=1000)
def pack(country: str, subdivision: str = "", layers: tuple[Layer, ...] = ()) -> Pack:
    """What binds in a country (ISO 3166 alpha-2), in one of its states or departments, under a network's own layers.

    Layers only add windows and caps: the strictest wins. The same question gives the same pack, which its calendar
    and its open hours are remembered by.
    """
    file = f"{country.lower()}.toml"
    raw = _read(file)
    try:
        return Pack(
            name=raw["name"],
            version=raw["version"],
            digest=manifest.digest(raw),
            channels=tuple(raw["channels"]),
            abroad=frozenset(raw["abroad"]),
            entries=(
                *reading.lines(file, "entry", raw["entries"], reading.entry),
                *(entry for layer in layers for entry in layer.entries),
            ),
            caps=(
                *reading.lines(file, "cap", raw.get("caps", ()), reading.cap),
                *(cap for layer in layers for cap in layer.caps),
            ),
            day=calendar(
                raw["holidays"], subdivision, tuple(one for layer in layers for one in layer.confirmed)
            ),
            added=tuple(f"{layer.scope}-{layer.version}" for layer in layers),
        )
    except KeyError as error:
        raise MalformedPack(f"{file}: {error} is missing") from error


def read_all() -> None:
    """Read every country's pack and every chain now: one that is malformed, or that the manifest does not know, stops
    the start; and no message waits for the calendars' library, which takes a second."""
    for country in get_args(Country):
        pack(country)
    for name in get_args(Preset):
        chain(name)


@cache
def chain(name: str) -> Chain:
    """A preset of reminders."""
    return Chain(name, reading.lines("chains.toml", f"step of {name}", preset(name), reading.step))


def preset(name: str) -> list[dict[str, Any]]:
    """The steps of a preset as they are written."""
    found: list[dict[str, Any]] = _read("chains.toml")[name]
    return found


@cache
def _read(name: str) -> dict[str, Any]:
    raw = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    try:
        manifest.check(name.removesuffix(".toml"), raw)
    except (KeyError, ValueError) as error:
        raise MalformedPack(f"{name}: {error}") from error
    return raw
