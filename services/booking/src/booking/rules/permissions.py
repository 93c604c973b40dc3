"""Who may do what, as one table.

Patients act on their own appointments and are bound by their own rules (`rules.appointment`). Doctors act on their
own visits, delegates on the agendas of those whom they act for: both are named in the caller's context. The system
acts for the network.
"""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from common.caller import Caller
from common.errors import NotAllowed

Deed = Literal[
    "open-network", "set-up", "read-directory", "find", "book", "walk-in", "confirm", "cancel", "reschedule",
    "check-in", "complete", "no-show", "correct", "pay", "refund", "read-money", "close-day", "read-appointments", "read-history", "read-day",
    "read-reports", "hold", "overbook", "absence", "waitlist", "series", "refer", "read-referrals",
    "draw-number", "call-number", "read-queue",
]  # fmt: skip

EVERYBODY = frozenset({"read-directory", "find"})
PATIENT = EVERYBODY | {
    "book",
    "confirm",
    "cancel",
    "reschedule",
    "read-appointments",
    "read-history",
    "waitlist",
    "draw-number",
}
PHONE = EVERYBODY | {
    "book", "confirm", "cancel", "reschedule", "series", "hold", "read-appointments", "read-history", "read-day",
    "read-referrals",
}  # fmt: skip
DESK = PHONE | {
    "walk-in", "check-in", "complete", "no-show", "correct", "pay", "read-reports", "absence", "waitlist",
    "refer", "draw-number", "call-number", "read-queue", "read-money", "close-day",
}  # fmt: skip
# Reception takes money and undoes what it took itself the same day; what goes back to patients goes through others.
MONEY = frozenset({"pay", "refund", "read-money", "close-day"})

MAY: Mapping[str, frozenset[str]] = {
    "reception": DESK,
    "delegate": PHONE,
    "manager": DESK | MONEY | {"set-up", "overbook"},
    "admin": DESK | MONEY | {"set-up", "open-network", "overbook"},
    "system": DESK | MONEY | {"set-up", "open-network"},
    "doctor": EVERYBODY
    | {
        "check-in", "complete", "no-show", "read-appointments", "read-history", "read-day", "absence", "refer",
        "read-referrals", "call-number", "read-queue",
    },
    "accounting": EVERYBODY | MONEY | {"read-appointments", "read-history", "read-day", "read-reports"},
}  # fmt: skip
BOUND_TO_BRANCHES = frozenset({"reception"})
"""Roles that act only at the branches their account names; one that names none is not bound."""
BOUND_TO_PRACTITIONERS = frozenset({"doctor", "delegate"})
"""Roles that act only on the agendas their account names; one that names none may touch nothing."""

LISTS = frozenset({"read-day", "read-history", "read-referrals", "read-queue"})
"""Deeds that are asked about twice: whether there is a list at all, and of each thing whether it stands in it."""


def expect_may(
    caller: Caller,
    deed: Deed,
    *,
    branch_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> None:
    """Refuse (`not-allowed`) what none of the caller's roles permits on this thing."""
    if not may(caller, deed, branch_id=branch_id, practitioner_id=practitioner_id, patient_id=patient_id):
        raise NotAllowed(f"{caller.actor.split(':', 1)[0]} may not {deed} here")


def may(
    caller: Caller,
    deed: Deed,
    *,
    branch_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> bool:
    """Whether one of the caller's roles permits this on this thing."""
    if caller.is_patient:
        return deed in PATIENT and _is_theirs(caller, deed, patient_id)
    return deed in EVERYBODY or any(
        deed in MAY.get(role, frozenset()) and _in_reach(caller, role, deed, branch_id, practitioner_id)
        for role in caller.roles
    )


def agendas_of(caller: Caller) -> tuple[UUID, ...] | None:
    """The only agendas whose things somebody sees; None: everybody's."""
    if not BOUND_TO_PRACTITIONERS.issuperset(caller.roles):
        return None
    return tuple(UUID(one) for one in caller.practitioners)


def _is_theirs(caller: Caller, deed: Deed, patient_id: UUID | None) -> bool:
    """A patient by link acts on what is theirs; a reply was bound to its message by whoever understood it."""
    if deed in {"read-directory", "find", "book", "draw-number"} or caller.actor == "patient-by-reply":
        return True
    return patient_id is not None and caller.actor == f"patient:{patient_id}"


def _in_reach(
    caller: Caller, role: str, deed: Deed, branch_id: UUID | None, practitioner_id: UUID | None
) -> bool:
    if role == "doctor" and deed == "read-history":
        return True  # what others have done with a patient is part of treating them
    if role in BOUND_TO_PRACTITIONERS:
        named = deed in LISTS if practitioner_id is None else str(practitioner_id) in caller.practitioners
        return named and bool(caller.practitioners)
    if role in BOUND_TO_BRANCHES and caller.branches and branch_id is not None:
        return str(branch_id) in caller.branches
    return True
