"""One reply from its arrival to its record."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from common.contracts.booking import GetAppointments
from notifications.channels import Written
from notifications.operations.parts import Parts, ourselves
from notifications.operations.planning import ACTIVE
from notifications.operations.replies.acting import carry_out
from notifications.operations.replies.binding import Heard, meaning_of
from notifications.operations.replies.recording import known, record
from notifications.tables import attempts as attempt_rows
from notifications.tables import messages as message_rows


async def hear(parts: Parts, network_id: str, written: Written, *, now: datetime) -> None:
    """Understand one reply and carry it out. Raises `Unavailable` where an owner does not answer; then again."""
    inbound_id = uuid5(NAMESPACE_URL, f"{network_id}/{written.channel}/{written.provider_id}")
    index = parts.sealer.index(network_id, written.sender)
    async with parts.database.transaction(network_id) as tx:
        if await known(tx, network_id, inbound_id):
            return
        sent = await attempt_rows.at_address(tx, network_id, index)
        messages = await message_rows.of_ids(tx, network_id, [one.message_id for one in sent])
    heard = Heard(inbound_id, written, index, sent, messages)
    meaning = meaning_of(heard, await _upcoming(parts, network_id, heard, now), now)
    result = await carry_out(parts, network_id, heard, meaning)
    await record(parts, network_id, heard, meaning, result, now)
    parts.wakes.sending()


async def _upcoming(parts: Parts, network_id: str, heard: Heard, now: datetime) -> dict[UUID, str]:
    """Visits ahead that were written about to this address, and how they stand with their owner now."""
    ids = {one.appointment_id for one in heard.attempts if one.appointment_id is not None}
    if not ids:
        return {}
    found = await parts.asks.ask(GetAppointments(appointment_ids=list(ids)), caller=ourselves(network_id))
    return {
        record.appointment.appointment_id: record.appointment.status
        for record in found.appointments
        if record.appointment.status in ACTIVE and record.appointment.starts_at > now
    }
