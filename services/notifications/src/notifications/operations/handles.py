"""A chat that a patient opened from the page of their appointment: from then on that channel knows who they are."""

import re
from dataclasses import replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from common import telemetry
from common.contracts.booking import GetAppointments
from common.contracts.patient_profile import LinkHandle
from common.errors import Refused
from common.links import LinkExpired, LinkInvalid
from notifications.channels import Written
from notifications.operations.parts import Parts, ourselves
from notifications.operations.planning.rows import answer
from notifications.tables import messages as message_rows

CODE = re.compile(r"[A-Za-z0-9_-]{44}")
"""What `common.links` makes for chats: anything else that is written is not tried."""


async def opened(parts: Parts, network_id: str, written: Written, *, now: datetime) -> bool:
    """Link the chat to the patient of the appointment that its code stands for; whether there was such a code.

    Whoever holds it holds the link to that appointment. Raises `Unavailable` where an owner does not answer.
    """
    appointment_id = _appointment(parts, network_id, written, now)
    if appointment_id is None:
        return False
    caller = ourselves(network_id)
    found = await parts.asks.ask(GetAppointments(appointment_ids=[appointment_id]), caller=caller)
    if not found.appointments:
        return False
    identity = inbound_id(network_id, written)
    command = LinkHandle(
        command_id=uuid5(identity, "link"), channel=written.channel, handle=written.sender,
        patient_id=found.appointments[0].appointment.patient_id,
    )  # fmt: skip
    try:
        await parts.asks.ask(command, caller=caller)
    except Refused as refusal:
        telemetry.log().info("chat not linked", channel=written.channel, code=refusal.refusal)
        return False
    await _welcome(parts, network_id, written, appointment_id, uuid5(identity, "linked"), now)
    return True


def inbound_id(network_id: str, written: Written) -> UUID:
    """The same message of a patient is the same id, however often its provider tells of it."""
    return uuid5(NAMESPACE_URL, f"{network_id}/{written.channel}/{written.provider_id}")


def _appointment(parts: Parts, network_id: str, written: Written, now: datetime) -> UUID | None:
    if written.code is None or CODE.fullmatch(written.code) is None:
        return None
    try:
        link = parts.links.read_code(written.code, network_id, now=now)
    except (LinkInvalid, LinkExpired):
        return None
    return link.thing_id if link.purpose == "handle" else None


async def _welcome(
    parts: Parts, network_id: str, written: Written, appointment_id: UUID, message_id: UUID, now: datetime
) -> None:
    """Say in the chat what will come there, once; by it replies find their patient too."""
    async with parts.database.transaction(network_id) as tx:
        planned = await message_rows.newest_of_appointment(tx, network_id, appointment_id)
        if planned is not None and message_id not in await message_rows.of_ids(tx, network_id, [message_id]):
            told = answer(planned, "chat-linked", channel=written.channel, now=now)
            await message_rows.insert(tx, [replace(told, message_id=message_id)])
    parts.wakes.sending()
