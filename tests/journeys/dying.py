"""The notifications service as it is, but that it kills itself at one point of the send path: `DIE_AT`, by name.

Run as a script in the service's place; the points are put around its functions from here, so that nothing of them is in
the product. `DIED` is a file that appears at the death: whoever finds it lives on.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from notifications import app
from notifications.channels.whatsapp import WhatsApp
from notifications.operations import sending, webhooks
from notifications.operations.changes import Changes

POINTS: dict[str, tuple[Any, str, bool, int]] = {
    "after-claiming": (sending, "_read", False, 1),
    "after-the-attempts-commit": (sending, "_decide_and_write", True, 1),
    "before-the-call": (WhatsApp, "send", False, 1),
    "after-the-call": (WhatsApp, "send", True, 1),
    "while-recording": (Changes, "write", True, 2),
    "before-the-event-is-published": (sending, "_record", True, 1),
    "while-applying-a-status": (webhooks, "apply_statuses", True, 1),
}
"""Where it is, whether its work is done by then, and at which of its calls."""


def dying(real: Callable[..., Awaitable[Any]], died: Path, *, after: bool, at: int) -> Callable[..., Any]:
    calls = 0

    def die() -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    async def wrapped(*arguments: Any, **more: Any) -> Any:
        if not after:
            die()
        found = await real(*arguments, **more)
        if after:
            die()
        return found

    return wrapped


if __name__ == "__main__":
    where, name, done, nth = POINTS[os.environ["DIE_AT"]]
    setattr(where, name, dying(getattr(where, name), Path(os.environ["DIED"]), after=done, at=nth))
    app.main()
