"""Planning: what is to go out about a visit or an invitation, in the transaction that applies an event."""

from notifications.operations.planning.chain import ACTIVE, follow_appointment, make_anew
from notifications.operations.planning.invitations import end_offer, invite, offer
from notifications.operations.planning.places import Place, Reach, place_of
from notifications.operations.planning.replanning import has_open, plan_again
from notifications.operations.planning.rows import answer, write

__all__ = [
    "ACTIVE",
    "Place",
    "Reach",
    "answer",
    "end_offer",
    "follow_appointment",
    "has_open",
    "invite",
    "make_anew",
    "offer",
    "place_of",
    "plan_again",
    "write",
]
