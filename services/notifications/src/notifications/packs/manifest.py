"""The manifest: which content each version of a pack has, by its SHA-256. A changed pack is a new version."""

import hashlib
import json
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from common.encoding import canonical

NAME = "manifest.json"


def digest(raw: dict[str, Any]) -> str:
    """SHA-256 of a pack's content in one canonical form: comments and layout of the file do not count."""
    return hashlib.sha256(canonical(json.loads(json.dumps(raw, default=str)))).hexdigest()


@cache
def recorded() -> dict[str, dict[str, str]]:
    """Pack -> version -> digest."""
    found: dict[str, dict[str, str]] = json.loads(
        files(__package__).joinpath(NAME).read_text(encoding="utf-8")
    )
    return found


def check(name: str, raw: dict[str, Any]) -> None:
    """Raises `ValueError` for a content that nobody recorded under its version."""
    expected = recorded().get(name, {}).get(raw["version"])
    if expected != digest(raw):
        why = "has another content than the manifest records" if expected else "is not in the manifest"
        raise ValueError(
            f"version {raw['version']} {why}: `python -m notifications.packs` records a new version"
        )


def record(folder: Path) -> list[str]:
    """Add the packs of a folder to its manifest; returns what was published with another content before."""
    path = folder / NAME
    held: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    changed = []
    for file in sorted(folder.glob("*.toml")):
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        versions = held.setdefault(file.stem, {})
        if versions.setdefault(str(raw["version"]), digest(raw)) != digest(raw):
            changed.append(f"{file.name}: version {raw['version']} was published with another content")
    path.write_text(json.dumps(held, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return changed
