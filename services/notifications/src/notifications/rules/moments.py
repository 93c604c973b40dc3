"""How a preset or a policy writes a moment: `booking`, `T`, `T-48h`, `V+7d` (after the visit), `eve 14:00`."""

import re
from datetime import time, timedelta
from typing import cast

from notifications.rules.values import Anchor, Moment

OFFSET = re.compile(r"(?P<anchor>booking|T|V)(?P<offset>[+-]\d{1,4}[dhm])?$")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}
ANCHORS = {"booking": "booking", "T": "start", "V": "visit"}


def moment(text: str) -> Moment:
    """Read one. Raises `ValueError` for anything else."""
    if text == "evening-before":
        return Moment("evening-before")
    if text.startswith("eve "):
        return Moment("eve", at=time.fromisoformat(text.removeprefix("eve ")))
    found = OFFSET.match(text)
    if found is None:
        raise ValueError(f"not a moment: {text}")
    offset = found["offset"] or "+0m"
    amount = timedelta(**{UNITS[offset[-1]]: int(offset[:-1])})
    return Moment(cast("Anchor", ANCHORS[found["anchor"]]), amount)
