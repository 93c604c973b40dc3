"""The only source of now. In development it can be moved, for all processes at once; production cannot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Ticks with the wall until a development keeper moves it; then it stands where it was put.

    Sessions, links, due work and everything clinical run on it; retention, deadlines of requests and rate
    limits run on wall time.
    """

    def __init__(self) -> None:
        self._frozen_at: datetime | None = None
        self._watchers: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """This instant, in UTC."""
        return self._frozen_at or datetime.now(UTC)

    @property
    def frozen(self) -> bool:
        """Whether it stands still (development only)."""
        return self._frozen_at is not None

    def put(self, now: datetime) -> None:
        """Stand at `now`. A move backward is ignored: messages about moves may overtake each other."""
        if self._frozen_at is not None and now < self._frozen_at:
            return
        self._frozen_at = now.astimezone(UTC)
        for wake in self._watchers:
            wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` after every move."""
        self._watchers.append(wake)

    def seconds_until(self, instant: datetime) -> float:
        """Wall seconds to wait for `instant`: infinite while the clock stands still before it."""
        remaining = (instant - self.now()) / timedelta(seconds=1)
        if remaining <= 0:
            return 0.0
        return float("inf") if self.frozen else remaining


def wall() -> datetime:
    """Wall time, for leases, retention and deadlines that a moved clock must not touch."""
    return datetime.now(UTC)
