"""An appointment, the statuses it may have, and what each act makes of it."""

from booking.rules.appointment.acts import (
    cancel,
    check_in,
    complete,
    confirm,
    correct,
    displace,
    may_move,
    miss,
    release,
    reschedule,
    take_up,
)
from booking.rules.appointment.statuses import FREE, OCCUPYING, TRANSITIONS, Act, Transition
from booking.rules.appointment.value import Appointment, expect_version

__all__ = [
    "FREE",
    "OCCUPYING",
    "TRANSITIONS",
    "Act",
    "Appointment",
    "Transition",
    "cancel",
    "check_in",
    "complete",
    "confirm",
    "correct",
    "displace",
    "expect_version",
    "may_move",
    "miss",
    "release",
    "reschedule",
    "take_up",
]
