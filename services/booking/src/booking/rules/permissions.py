"""Who may do what, as one table.

Patients act on their own appointments and are bound by their own rules (`rules.appointment`). A doctor acts on
their own visits: a doctor's staff account bears the id of the practitioner. The system acts for the network.
"""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from common.caller import Caller
from common.errors import NotAllowed

Deed = Literal[
    "open-network", "set-up", "read-directory", "find", "book", "walk-in", "confirm", "cancel", "reschedule",
    "check-in", "complete", "no-show", "correct", "pay", "read-appointments", "read-day", "read-reports",
    "hold", "overbook", "absence", "waitlist", "series",
]  # fmt: skip

EVERYBODY = frozenset({"read-directory", "find"})
PATIENT = EVERYBODY | {"book", "confirm", "cancel", "reschedule", "read-appointments", "waitlist"}
DESK = EVERYBODY | {
    "book", "walk-in", "confirm", "cancel", "reschedule", "check-in", "complete", "no-show", "correct", "pay",
    "read-appointments", "read-day", "read-reports", "hold", "absence", "waitlist",
    "series",
}  # fmt: skip

MAY: Mapping[str, frozenset[str]] = {
    "reception": DESK,
    "manager": DESK | {"set-up", "overbook"},
    "admin": DESK | {"set-up", "open-network", "overbook"},
    "system": DESK | {"set-up", "open-network"},
    "doctor": EVERYBODY | {"check-in", "complete", "no-show", "read-appointments", "read-day", "absence"},
    "accounting": EVERYBODY | {"pay", "read-appointments", "read-day", "read-reports"},
}
BOUND_TO_BRANCHES = frozenset({"reception"})
"""Roles that act only at the branches their account names; one that names none is not bound."""


def expect_may(
    caller: Caller,
    deed: Deed,
    *,
    branch_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> None:
    """Refuse (`not-allowed`) what none of the caller's roles permits on this thing."""
    if caller.is_patient:
        allowed = deed in PATIENT and _is_theirs(caller, deed, patient_id)
    else:
        allowed = deed in EVERYBODY or any(
            deed in MAY.get(role, frozenset()) and _in_reach(caller, role, branch_id, practitioner_id)
            for role in caller.roles
        )
    if not allowed:
        raise NotAllowed(f"{caller.actor.split(':', 1)[0]} may not {deed} here")


def _is_theirs(caller: Caller, deed: Deed, patient_id: UUID | None) -> bool:
    """A patient by link acts on what is theirs; a reply was bound to its message by whoever understood it."""
    if deed in {"read-directory", "find", "book"} or caller.actor == "patient-by-reply":
        return True
    return patient_id is not None and caller.actor == f"patient:{patient_id}"


def _in_reach(caller: Caller, role: str, branch_id: UUID | None, practitioner_id: UUID | None) -> bool:
    if role == "doctor" and practitioner_id is not None:
        return caller.actor == f"staff:{practitioner_id}"
    if role in BOUND_TO_BRANCHES and caller.branches and branch_id is not None:
        return str(branch_id) in caller.branches
    return True
