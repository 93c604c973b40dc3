"""Who may do what with people's data; accounting sees none of it, patients only their own card."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from common.caller import Caller
from common.errors import NotAllowed

Act = Literal["register", "find", "read-cards", "read-profiles", "change", "link-handle", "work-on-tasks"]

STAFF = frozenset({"reception", "doctor", "manager", "admin"})
BOOKERS = STAFF | {"delegate"}
"""A delegate books by phone for some practitioners; whose patients they see is decided by whoever asks for them."""

PERMITTED: Mapping[Act, frozenset[str]] = {
    "register": BOOKERS | {"system", "anonymous", "patient", "patient-by-reply"},
    "find": BOOKERS | {"system:notifications"},
    "read-cards": BOOKERS | {"system", "patient"},
    "read-profiles": BOOKERS,
    "change": STAFF,
    "link-handle": STAFF | {"system:notifications"},
    "work-on-tasks": STAFF,
}


def standing(caller: Caller) -> frozenset[str]:
    """As what somebody acts: a service and which, a patient, nobody known, or with the roles of staff and API keys."""
    kind = caller.actor.split(":", 1)[0]
    if kind == "system":
        return frozenset({kind, caller.actor})
    if caller.is_patient:
        return frozenset({kind})
    return frozenset(caller.roles) & BOOKERS


def require(caller: Caller, act: Act) -> None:
    """Refuses `not-allowed` whoever may not do this."""
    if not standing(caller) & PERMITTED[act]:
        raise NotAllowed(f"{act} is not for this caller")


def visible_cards(caller: Caller, patient_ids: list[UUID]) -> list[UUID]:
    """Which of these cards the caller may have: all of them, or a patient's own."""
    require(caller, "read-cards")
    if standing(caller) == {"patient"}:
        own = caller.actor.split(":", 1)[-1]
        return [patient_id for patient_id in patient_ids if str(patient_id) == own]
    return patient_ids


def visible_branches(caller: Caller) -> tuple[UUID, ...] | None:
    """The branches whose tasks someone sees (None: all). Reception and doctors are bound to theirs."""
    require(caller, "work-on-tasks")
    if not caller.branches or set(caller.roles) & {"manager", "admin"}:
        return None
    return tuple(UUID(branch) for branch in caller.branches)
