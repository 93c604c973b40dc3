"""Who may give, withdraw and ask; accounting has no part in it, and patients speak for themselves alone."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from common.caller import Caller
from common.contracts.consents import Given
from common.errors import NotAllowed

Act = Literal["give", "withdraw", "ask", "read"]

STAFF = frozenset({"reception", "delegate", "doctor", "manager", "admin"})
"""A delegate hears consents on the phone as reception does."""

PERMITTED: Mapping[Act, frozenset[str]] = {
    "give": STAFF | {"system", "patient", "patient-by-reply", "anonymous"},
    "withdraw": STAFF | {"system", "patient", "patient-by-reply"},
    "ask": STAFF | {"system"},
    "read": STAFF | {"system", "patient"},
}

HEARD_BY_STAFF = frozenset({"voice", "desk", "paper"})
BY_ONESELF = frozenset({"booking-form", "link", "reply"})


def standing(caller: Caller) -> frozenset[str]:
    """As what somebody acts: a service, a patient, nobody known, or with the roles of staff and API keys."""
    kind = caller.actor.split(":", 1)[0]
    if kind == "system" or caller.is_patient:
        return frozenset({kind})
    return frozenset(caller.roles) & STAFF


def require(caller: Caller, act: Act, patient_id: UUID | None = None) -> None:
    """Refuses `not-allowed` whoever may not do this, and a patient who means somebody else."""
    kinds = standing(caller)
    if not kinds & PERMITTED[act]:
        raise NotAllowed(f"To {act} permissions is not for this caller")
    own = caller.actor.split(":", 1)[-1]
    if kinds == {"patient"} and patient_id is not None and str(patient_id) != own:
        raise NotAllowed("Patients decide for themselves")


def attested(given: Given, caller: Caller) -> Given:
    """The evidence as it is kept: what staff heard is attested by who heard it; patients attest nothing.

    Refuses `not-allowed` where somebody at home claims to have been at the desk.
    """
    if not caller.is_patient:
        heard = given.how in HEARD_BY_STAFF and given.attested_by is None
        return given.model_copy(update={"attested_by": caller.actor}) if heard else given
    if given.how not in BY_ONESELF:
        raise NotAllowed("Only staff can attest what they heard or saw")
    return given.model_copy(update={"attested_by": None})
