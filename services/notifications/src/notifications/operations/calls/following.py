"""States of calls as the telephony tells them, ours and those that come in: in any order, any number of times."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory, telemetry
from common.contracts.directory import Branch
from common.contracts.messages import Done
from common.contracts.notifications import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallMissed,
    CallRinging,
    CallState,
    RecordCall,
    Telephony,
)
from common.contracts.patient_profile import FindPatients
from common.errors import Refused, Unavailable, UnknownThing
from notifications.channels import Status
from notifications.operations.parts import Parts, ourselves
from notifications.operations.statuses import apply_statuses
from notifications.operations.telling import Telling
from notifications.rules.keypad import QUESTIONS
from notifications.tables import attempts as attempt_rows
from notifications.tables import calls as rows
from notifications.tables import messages as message_rows
from notifications.tables.calls import Call

STATES: dict[Telephony, CallState] = {
    "queued": "ringing", "initiated": "ringing", "ringing": "ringing", "in-progress": "answered",
    "completed": "ended", "busy": "missed", "no-answer": "missed", "failed": "missed", "canceled": "missed",
}  # fmt: skip
EVENTS: dict[CallState, type[CallEvent]] = {
    "ringing": CallRinging, "answered": CallAnswered, "ended": CallEnded, "missed": CallMissed,
}  # fmt: skip


async def record_call(parts: Parts, command: RecordCall, network_id: str, *, now: datetime) -> Done:
    """Keep what the telephony tells. Refused: `unknown-call` where a call of ours carries no reference of ours."""
    if command.direction == "outbound":
        return await _outgoing(parts, command, network_id, now)
    return await _incoming(parts, command, network_id, now)


def _advanced(call: Call, command: RecordCall, now: datetime) -> Call:
    """The call after these words; the same call where they say nothing new."""
    state = STATES[command.status]
    if state == "ended" and call.direction == "inbound" and call.answered_at is None:
        state = "missed"  # the caller hung up while it rang
    if call.version > 0 and rows.FORWARD[state] <= rows.FORWARD[call.state]:
        return call
    over = state in {"ended", "missed"}
    return replace(
        call,
        version=call.version + 1,
        state=state,
        answered_at=call.answered_at or (now if state == "answered" else None),
        ended_at=now if over else None,
        seconds=command.seconds if over else None,
        reason=command.status if state == "missed" else call.reason,
    )


# --- ours -----------------------------------------------------------------------------------------------


async def _outgoing(parts: Parts, command: RecordCall, network_id: str, now: datetime) -> Done:
    if command.reference is None:
        raise UnknownThing("call")
    async with parts.database.transaction(network_id) as tx:
        found = await attempt_rows.of_references(tx, network_id, [command.reference], [])
        attempt = next((one for one in found if one.channel == "voice"), None)
        if attempt is None:
            raise UnknownThing("call", command.reference)
        held = await message_rows.of_ids(tx, network_id, [attempt.message_id])
        message = held[attempt.message_id]
        known = await rows.locked(tx, rows.outgoing(attempt, message.branch_id, command.provider_id))
        call = _advanced(known, command, now)
        if call is known:
            return Done(version=call.version)
        if call.state == "ended" and known.stage in QUESTIONS:
            telling = Telling(now)  # put down without a key
            telling.person(network_id, message, "handover", "no key was pressed", identity=call.call_id)
            await telling.write(tx)
            call = replace(call, stage="over")
        await rows.change(tx, call)
        status = _told(command, call)
        if status is not None:
            await apply_statuses(tx, network_id, [status], now=now)
    parts.wakes.sending()
    return Done(version=call.version)


def _told(command: RecordCall, call: Call) -> Status | None:
    """What that means for the attempt. Being heard is not told here: only the conversation shows who picked up."""
    reference = str(command.reference)
    if call.state == "missed" or command.machine:
        reason = "voice-machine" if command.machine else f"voice-{command.status}"
        return Status("voice", command.provider_id, reference, "failed", reason)
    return Status("voice", command.provider_id, reference, "sent")


# --- those that come in -----------------------------------------------------------------------------------


async def _incoming(parts: Parts, command: RecordCall, network_id: str, now: datetime) -> Done:
    call_id = rows.identity(network_id, command.provider_id)
    async with parts.database.transaction(network_id) as tx:
        known = bool(await rows.of(tx, network_id, rows.calls.c.call_id == call_id, limit=1))
        network = await directory.network(tx, network_id)
    candidates = [] if known else await _candidates(parts, command, network_id, network.country)
    async with parts.database.transaction(network_id) as tx:
        fresh = Call(
            network_id=network_id, call_id=call_id, version=0, direction="inbound", state="ringing",
            number=parts.sealer.service.close(command.patient_number, about="calls.number"),
            number_index=parts.sealer.index(network_id, command.patient_number),
            branch_id=await _branch(tx, network_id, command.clinic_number), patient_id=None,
            candidates=candidates, message_id=None, at=now,
        )  # fmt: skip
        held = await rows.locked(tx, fresh)
        call = _advanced(held, command, now)
        if call is held:
            return Done(version=call.version)
        await rows.change(tx, call)
        telling = Telling(now)
        telling.event(
            EVENTS[call.state](
                network_id=network_id, occurred_at=now, version=call.version, call_id=call_id, branch_id=call.branch_id
            )
        )  # fmt: skip
        if call.state == "missed":
            telling.missed_call(network_id, call_id, call.branch_id, call.candidates)
        await telling.write(tx)
    return Done(version=call.version)


async def _candidates(parts: Parts, command: RecordCall, network_id: str, country: str) -> list[UUID]:
    """Everybody with this number; nobody for one that is withheld. A call is kept even while nobody can say."""
    question = FindPatients(phone=command.patient_number, country=country)
    try:
        found = await parts.asks.ask(question, caller=ourselves(network_id), timeout=parts.hurry)
    except (Refused, Unavailable) as error:
        telemetry.log().info("a caller is not known", error=telemetry.where(error))
        return []
    return [one.card.patient_id for one in found.candidates]


async def _branch(tx: AsyncConnection, network_id: str, number: str) -> UUID | None:
    """The branch that was called, by its number."""
    called = _digits(number)
    branches = await directory.all_of(tx, network_id, Branch)
    return next((one.branch_id for one in branches if called and _digits(one.phone) == called), None)


def _digits(phone: str) -> str:
    return "".join(one for one in phone if one.isdecimal())
