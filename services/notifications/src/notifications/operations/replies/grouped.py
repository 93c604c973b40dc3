"""Reminders that list several visits of a day: which visits a message is about, and acts on all of them."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID, uuid5

from common.contracts.booking import ConfirmAppointment
from common.errors import Refused
from notifications.operations.parts import Parts, by_reply
from notifications.tables.messages import Message


def visits(message: Message) -> tuple[UUID, ...]:
    """Its own visit, where it has one, and the others of the day that it lists."""
    own = () if message.appointment_id is None else (message.appointment_id,)
    return (*own, *(UUID(one["appointment_id"]) for one in message.data.get("also", ())))


def narrowed(message: Message, kept: Collection[UUID]) -> Message:
    """The message as if it were about these of its visits alone; as it is where it lists none of them."""
    left = [one for one in message.data.get("also", ()) if UUID(one["appointment_id"]) in kept]
    if message.appointment_id in kept:
        return replace(message, data={**message.data, "also": left})
    if not left:
        return message
    lead, *others = left
    appointment_id = UUID(lead["appointment_id"])
    return replace(
        message, appointment_id=appointment_id, origin_id=appointment_id, patient_id=UUID(lead["patient_id"]),
        service_id=UUID(lead["service_id"]), practitioner_id=UUID(lead["practitioner_id"]),
        data={**message.data, "also": others},
    )  # fmt: skip


async def confirm(parts: Parts, network_id: str, message: Message, *, identity: UUID) -> str | None:
    """Whoever says yes to a message about several visits of a day comes to all of them.

    `identity` is the answer: said again, it is the same commands. Returns why booking refused one, if it did.
    """
    refused = None
    for visit in visits(message):
        command = ConfirmAppointment(command_id=uuid5(identity, f"confirm {visit}"), appointment_id=visit)
        try:
            await parts.asks.ask(command, caller=by_reply(network_id))
        except Refused as refusal:
            refused = refused or refusal.refusal
    return refused
