"""The development clock: ticks with the wall clock until it is first moved, and then stands where it was put."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devkit.sandbox.bell import Bell
from devkit.sandbox.messages import instant


class ClockBackward(Exception):  # noqa: N818 - a refusal is named after what it refuses
    code = "clock-backward"


class DevelopmentClock:
    """Kept in a file, so that a restart goes on where it stood. `start` counts for a new file only."""

    def __init__(self, path: Path, *, start: datetime | None = None) -> None:
        self._path = path
        self._stands_at = start.astimezone(UTC) if start else None
        self.moved = Bell()
        if path.exists():
            kept = json.loads(path.read_text("utf-8"))
            self._stands_at = datetime.fromisoformat(kept["now"]) if kept["frozen"] else None
        else:
            self._keep()

    @property
    def frozen(self) -> bool:
        return self._stands_at is not None

    def now(self) -> datetime:
        return self._stands_at or datetime.now(UTC)

    def put(self, now: datetime) -> None:
        """Stand at `now` from here on; a clock that stands refuses to go back."""
        if self._stands_at is not None and now < self._stands_at:
            raise ClockBackward(instant(now))
        self._stands_at = now.astimezone(UTC)
        self._keep()
        self.moved.ring()

    def shown(self) -> dict[str, object]:
        return {"now": instant(self.now()), "frozen": self.frozen}

    def look_again(self) -> None:
        """Whoever waits for an instant should: there is an earlier one now."""
        self.moved.ring()

    async def until(self, due: datetime | None, *, longest: float = 3600) -> None:
        """Return when it is worth looking again whether `due` has come."""
        if due is None or self.frozen:
            await self.moved.heard()
        else:
            wait = max((due - self.now()) / timedelta(seconds=1), 0.0)
            await self.moved.heard(min(wait, longest))

    def _keep(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.new")
        draft.write_text(json.dumps(self.shown()), "utf-8")
        draft.replace(self._path)
