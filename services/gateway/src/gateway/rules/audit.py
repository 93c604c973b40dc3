"""The audit log's chain: each row's hash covers the row before, so that a change or a gap shows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.encoding import digest

BEGINNING = "0" * 64


@dataclass(frozen=True)
class Entry:
    """Who did what, when, on whom, for what, and how it ended. Ids only, never a name or a phone."""

    network_id: str
    actor: str
    action: str
    at: datetime
    outcome: str
    purpose: str
    trace: str | None = None
    subjects: dict[str, str] = field(default_factory=dict)
    """What it was done to: `{"patient_id": …}`."""


@dataclass(frozen=True)
class Link:
    """An entry at its place in the chain of its network."""

    seq: int
    entry: Entry
    previous: str
    hash: str


def sealed(entry: Entry, seq: int, previous: str) -> Link:
    """The entry at its place."""
    return Link(seq, entry, previous, _hash(entry, seq, previous))


def chained(entries: Iterable[Entry], *, last_seq: int, last_hash: str) -> list[Link]:
    """New entries, linked to the end of the chain in the order given."""
    links: list[Link] = []
    for entry in entries:
        last_seq += 1
        links.append(sealed(entry, last_seq, last_hash))
        last_hash = links[-1].hash
    return links


def first_break(links: Iterable[Link], *, last_seq: int = 0, last_hash: str = BEGINNING) -> int | None:
    """The number of the first row that was changed, or that stands after one that is missing; None if whole."""
    for link in links:
        last_seq += 1
        if link.seq != last_seq or link.previous != last_hash:
            return link.seq
        if link.hash != _hash(link.entry, link.seq, link.previous):
            return link.seq
        last_hash = link.hash
    return None


def _hash(entry: Entry, seq: int, previous: str) -> str:
    row: dict[str, Any] = {
        "seq": seq,
        "previous": previous,
        "network": entry.network_id,
        "actor": entry.actor,
        "action": entry.action,
        "at": round(entry.at.timestamp() * 1_000_000),
        "outcome": entry.outcome,
        "purpose": entry.purpose,
        "trace": entry.trace,
        "subjects": entry.subjects,
    }
    return digest(row)
