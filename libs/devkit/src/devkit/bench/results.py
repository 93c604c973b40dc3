"""What a measurement says."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """One number; `limit` is what the same work costs without us (in the same run) or the best of our peers."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    limit_is: str = ""
    notes: str = ""

    @property
    def share(self) -> float | None:
        """Of the limit: throughputs below it, times above it."""
        return None if self.limit is None else self.value / self.limit

    def line(self) -> str:
        """For a person."""
        share = ""
        if self.limit is not None and self.share is not None:
            share = f"{self.share:6.2f} of {self.limit:,.2f} ({self.limit_is})"
        return (
            f"{self.what:<58} {self.value:>10,.2f} {self.unit:<12} {share}{'  ' if share else ''}{self.notes}"
        ).rstrip()


def by(clients: int) -> str:
    """How many worked at once, in words."""
    return "1 client" if clients == 1 else f"{clients} clients"


def table(results: Sequence[Result]) -> str:
    """All of them, one a line."""
    return "\n".join(one.line() for one in results)


def as_json(results: Sequence[Result]) -> str:
    """For a machine."""
    return json.dumps([{**asdict(one), "share": one.share} for one in results], indent=1)
