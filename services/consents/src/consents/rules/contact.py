"""May we contact somebody, for this, this way? Every answer names what it rests on, every no its reason."""

from common.contracts.consents import ContactAnswer, ContactQuestion, Permission, Purpose
from common.contracts.patient_profile import Channel
from common.errors import Refused
from consents.rules.permissions import Book, Held

NEEDS_CONSENT: frozenset[Purpose] = frozenset({"marketing", "education"})


class NoPurposeOfContact(Refused):
    """Permission to send data abroad is no reason to write to anybody."""

    code = "not-a-purpose-of-contact"


def may_contact(question: ContactQuestion, book: Book, *, data_at_home: bool) -> ContactAnswer:
    """The answer at this moment.

    Service rests on the appointment and needs no consent, but can be refused; marketing and education need a
    permission that is granted now; immediate answers the patient's own act. Whatever the class, a channel that
    sends data abroad needs `cross_border` where the network keeps its data at home.
    """
    basis = purpose_of(question)
    needed = book.held.get(basis)
    reason = None if question.message_class == "immediate" and basis == "service" else _refusal(basis, needed)
    cited = (
        [] if needed is None or (question.message_class == "immediate" and basis == "service") else [needed]
    )
    allowed: list[Channel] = []
    refused: dict[Channel, str] = {}
    for channel in dict.fromkeys(question.channels):
        why = reason or (abroad(book.held) if data_at_home and channel in question.abroad else None)
        if why is None:
            allowed.append(channel)
        else:
            refused[channel] = why
    if data_at_home and set(question.abroad) & set(question.channels) and "cross_border" in book.held:
        cited.append(book.held["cross_border"])
    return ContactAnswer(
        patient_id=question.patient_id,
        allowed=allowed,
        refused=refused,
        permission_ids=[permission.permission_id for permission in cited],
        version=book.version,
    )


def purpose_of(question: ContactQuestion) -> Purpose:
    """What a message is for: its own purpose, and marketing where its class is."""
    if question.purpose == "cross_border":
        raise NoPurposeOfContact("Nobody is contacted for the sake of sending data abroad")
    if question.message_class == "marketing" and question.purpose == "service":
        return "marketing"
    return question.purpose


def _refusal(purpose: Purpose, permission: Permission | None) -> str | None:
    if permission is None:
        return f"no-permission-for-{purpose}" if purpose in NEEDS_CONSENT else None
    return None if permission.state == "granted" else f"{purpose}-{permission.state}"


def abroad(held: Held) -> str | None:
    """Why data may not leave the country, or None."""
    permission = held.get("cross_border")
    if permission is None:
        return "no-permission-for-cross-border"
    return None if permission.state == "granted" else f"cross-border-{permission.state}"
