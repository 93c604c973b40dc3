"""When another system says in FHIR (R4) that somebody is busy: Slots and Appointments, alone or in a Bundle."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from booking.rules import availability
from booking.rules.availability import Span

SLOT_STATUS = {
    "busy": True,
    "busy-unavailable": True,
    "busy-tentative": True,
    "free": False,
    "entered-in-error": False,
}
APPOINTMENT_STATUS = {
    "proposed": False, "pending": True, "booked": True, "arrived": True, "fulfilled": True, "cancelled": False,
    "noshow": False, "entered-in-error": False, "checked-in": True, "waitlist": False,
}  # fmt: skip
"""Whether each status takes time. All of R4's are here: an unknown one is a mistake, not free time."""

_TAKES_TIME = {"Slot": SLOT_STATUS, "Appointment": APPOINTMENT_STATUS}


def is_fhir(text: str) -> bool:
    """FHIR is JSON, iCalendar never begins like it."""
    return text.lstrip().startswith("{")


def spans(text: str) -> list[Span]:
    """What is busy. Raises `ValueError`, `KeyError` or `TypeError` for what cannot be read."""
    return [
        (availability.seconds(_instant(one["start"])), availability.seconds(_instant(one["end"])))
        for one in _resources(json.loads(text))
        if _TAKES_TIME[one["resourceType"]][one["status"]] and "start" in one
    ]


def _resources(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Slots and Appointments; what a bundle includes beside them (schedules, practitioners) is passed over."""
    if resource["resourceType"] == "Bundle":
        for entry in resource.get("entry", []):
            if entry["resource"]["resourceType"] in {"Bundle", *_TAKES_TIME}:
                yield from _resources(entry["resource"])
    else:
        yield resource


def _instant(text: str) -> datetime:
    """A FHIR instant, which always has its offset."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without an offset")
    return found
