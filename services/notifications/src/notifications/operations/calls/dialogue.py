"""One turn of a conversation by keypad, from the telephony's question to the words that answer it.

A turn is stored under (call, step) with those words: the telephony may ask again, and nothing is done twice.
"""

from dataclasses import replace
from datetime import datetime
from uuid import uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.notifications import CallTurn, ContinueCall, ReplyUnderstood
from common.errors import UnknownThing
from notifications.channels import Status, voice
from notifications.operations.calls.acting import Line, Reaction, picked_up, react
from notifications.operations.parts import Parts
from notifications.operations.statuses import apply_statuses
from notifications.operations.telling import Telling
from notifications.rules.speech import Speech
from notifications.tables import attempts as attempt_rows
from notifications.tables import calls as rows
from notifications.tables import messages as message_rows
from notifications.tables.calls import Turn
from notifications.templates.spoken import spoken

ABOUT = "call_turns.document"


async def continue_call(parts: Parts, command: ContinueCall, network_id: str, *, now: datetime) -> CallTurn:
    """What is said next. Raises `Unavailable` where booking does not answer: the telephony asks again or gives up.

    Refused: `unknown-call` where the reference is not an attempt of ours to call somebody.
    """
    async with parts.database.transaction(network_id) as tx:
        line = await _line(parts, tx, network_id, command)
        known = await rows.turn(tx, network_id, line.call.call_id, command.step)
    if known is not None:
        return _said(line, known)
    if command.machine:
        reaction = Reaction("machine", Speech(), line.call)
    elif command.step == 0:
        reaction = picked_up(line)
    else:
        reaction = await react(parts, line, command.digits)
    return await _keep(parts, line, command, reaction, now)


async def _line(parts: Parts, tx: AsyncConnection, network_id: str, command: ContinueCall) -> Line:
    found = await attempt_rows.of_references(tx, network_id, [command.reference], [])
    attempt = next((one for one in found if one.channel == "voice"), None)
    seals = await parts.sealer.existing(tx, network_id, [attempt.patient_id]) if attempt else {}
    if attempt is None or attempt.patient_id not in seals:
        raise UnknownThing("call", command.reference)
    message = (await message_rows.of_ids(tx, network_id, [attempt.message_id]))[attempt.message_id]
    branch = (await directory.branches(tx, network_id, [message.branch_id]))[str(message.branch_id)]
    call = await rows.locked(tx, rows.outgoing(attempt, message.branch_id, command.provider_id))
    return Line(call, message, branch, seals[attempt.patient_id], spoken(message.locale or branch.locale))


def _said(line: Line, turn: Turn) -> CallTurn:
    return CallTurn(document=line.seal.open(turn.document, about=ABOUT))


async def _keep(
    parts: Parts, line: Line, command: ContinueCall, reaction: Reaction, now: datetime
) -> CallTurn:
    """The turn, the call and what others are told, together; another answer to the same step was faster: that one."""
    address = voice.callback(parts.public_url, line.call.network_id, str(command.reference))
    document = voice.document(
        reaction.speech, line.spoken.locale, next_url=f"{address}&step={command.step + 1}"
    )
    turn = Turn(
        line.call.network_id, line.call.call_id, command.step, now, command.digits if command.step else None,
        reaction.act, line.seal.close(document, about=ABOUT),
    )  # fmt: skip
    async with parts.database.transaction(line.call.network_id) as tx:
        held = await rows.locked(tx, line.call)
        known = await rows.turn(tx, turn.network_id, turn.call_id, turn.step)
        if known is not None:
            return _said(line, known)
        await rows.keep_turn(tx, turn)
        await rows.change(tx, rows.after_turn(held, reaction.call, now, machine=command.machine))
        await _tell(tx, line, command, reaction, now)
    parts.wakes.sending()
    return CallTurn(document=document)


async def _tell(
    tx: AsyncConnection, line: Line, command: ContinueCall, reaction: Reaction, now: datetime
) -> None:
    """The attempt was heard (or a machine took it); a reply was understood; a person is needed."""
    network_id = line.call.network_id
    if command.machine or command.step == 0:
        status = Status("voice", command.provider_id, str(command.reference), "delivered")
        if command.machine:
            status = replace(status, delivery="failed", reason="voice-machine")
        await apply_statuses(tx, network_id, [status], now=now)
    telling = Telling(now)
    if reaction.intent is not None:
        telling.event(
            ReplyUnderstood(
                network_id=network_id, occurred_at=now, version=1,
                inbound_id=uuid5(line.call.call_id, f"step {command.step}"), patient_id=line.message.patient_id,
                appointment_id=line.message.appointment_id, intent=reaction.intent,
            )
        )  # fmt: skip
    if reaction.task is not None:
        telling.person(network_id, line.message, reaction.task, reaction.reason, identity=line.call.call_id)
    await telling.write(tx)
