"""How long a provider that has had enough is left alone: all of a network's messages by it wait, not one alone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True)
class Limit:
    """One network's pause on one channel. `strikes` counts the pauses that did not help."""

    until: datetime
    strikes: int


def struck(known: Limit | None, asked: float | None, *, now: datetime) -> Limit:
    """The pause after another refusal: as long as the provider asks (seconds), else twice the last one.

    Calls that were under way when the pause began are part of the same refusal.
    """
    if known is not None and known.until > now:
        return (
            known if asked is None else replace(known, until=max(known.until, now + timedelta(seconds=asked)))
        )
    strikes = known.strikes + 1 if known is not None else 1
    return Limit(now + growing(strikes, asked), strikes)


def growing(tries: int, asked: float | None = None) -> timedelta:
    """The pause after so many tries in vain, where the provider does not say."""
    return timedelta(seconds=asked) if asked else min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
