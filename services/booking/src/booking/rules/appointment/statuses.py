"""The statuses an appointment may have, and which act leads from which to which.

The statuses are FHIR's where FHIR has them.
"""

from dataclasses import dataclass
from typing import Literal

from common.contracts.booking import Status

OCCUPYING: tuple[Status, ...] = ("held", "booked", "confirmed", "arrived", "fulfilled")
"""Statuses whose time belongs to the appointment. A visit that took place keeps its time: nothing is booked over it."""

FREE: tuple[Status, ...] = ("noshow", "cancelled", "displaced")
"""The others, whose time anybody may have."""

Act = Literal[
    "take-up", "release", "displace", "confirm", "cancel", "reschedule", "check-in", "complete", "no-show", "correct",
]  # fmt: skip


@dataclass(frozen=True)
class Transition:
    """From which statuses an act leads to which (`None`: back to the one before)."""

    sources: frozenset[Status]
    target: Status | None


TRANSITIONS: dict[Act, Transition] = {
    "take-up": Transition(frozenset({"held"}), "booked"),
    "release": Transition(frozenset({"held"}), "cancelled"),
    "displace": Transition(frozenset({"booked", "confirmed"}), "displaced"),
    "confirm": Transition(frozenset({"booked"}), "confirmed"),
    "cancel": Transition(frozenset({"booked", "confirmed", "displaced"}), "cancelled"),
    "reschedule": Transition(frozenset({"booked", "confirmed", "displaced"}), "booked"),
    "check-in": Transition(frozenset({"booked", "confirmed"}), "arrived"),
    "complete": Transition(frozenset({"booked", "confirmed", "arrived"}), "fulfilled"),
    "no-show": Transition(frozenset({"booked", "confirmed"}), "noshow"),
    "correct": Transition(frozenset({"arrived", "fulfilled", "noshow"}), None),
}
"""A hold that nobody took up becomes `cancelled` by itself; nobody was told of it, so no event tells of its end.

The version counts what was told: a hold has version 0, also after its end, and 1 once it is booked.
"""
