"""Telephone calls as staff see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import CallCounts, CallLeg, Calls, CallView, CommunicationsOf, ListCalls
from common.encoding import from_text, to_text
from common.errors import UnknownThing
from common.sealed import Seal, Sealer
from notifications.tables import calls as rows
from notifications.tables.calls import Call


async def of_patients(
    tx: AsyncConnection, query: CommunicationsOf, network_id: str, sealer: Sealer, seals: dict[UUID, Seal]
) -> list[CallView]:
    """Calls with these patients, and those that could have been from them, newest first."""
    own = sa.or_(
        rows.calls.c.patient_id.in_(query.patient_ids),
        rows.calls.c.candidates.overlap(query.patient_ids),
    )
    found = await rows.of(tx, network_id, own, limit=query.limit)
    return await _call_views(tx, network_id, found, sealer, seals)


async def call(tx: AsyncConnection, network_id: str, call_id: UUID, sealer: Sealer) -> CallView:
    """One call. Raises `unknown-call`."""
    found = await rows.of(tx, network_id, rows.calls.c.call_id == call_id, limit=1)
    if not found:
        raise UnknownThing("call", call_id)
    patients = [one.patient_id for one in found if one.patient_id]
    seals = await sealer.existing(tx, network_id, patients)
    return (await _call_views(tx, network_id, found, sealer, seals))[0]


async def calls(tx: AsyncConnection, network_id: str, query: ListCalls, sealer: Sealer) -> Calls:
    """Incoming calls of a range, newest first, and how many there were."""
    table = rows.calls
    wanted = [table.c.direction == "inbound", table.c.at >= query.from_at, table.c.at < query.to_at]
    if query.branch_id is not None:
        wanted.append(sa.or_(table.c.branch_id == query.branch_id, table.c.branch_id.is_(None)))
    counted = sa.select(
        sa.func.count(), sa.func.count(table.c.answered_at), sa.func.count().filter(table.c.state == "missed")
    ).where(table.c.network_id == network_id, *wanted)
    total, answered, missed = (await tx.execute(counted)).one()
    page = list(wanted)
    if query.cursor:
        at, last = orjson.loads(from_text(query.cursor))
        page.append(sa.tuple_(table.c.at, table.c.call_id) < (datetime.fromisoformat(at), UUID(last)))
    found = await rows.of(tx, network_id, *page, limit=query.limit + 1)
    shown = found[: query.limit]
    more = None
    if len(found) > query.limit:
        more = to_text(orjson.dumps([shown[-1].at.isoformat(), str(shown[-1].call_id)]))
    return Calls(
        calls=await _call_views(tx, network_id, shown, sealer, {}),
        counts=CallCounts(total=total, answered=answered, missed=missed),
        next_cursor=more,
    )


async def _call_views(
    tx: AsyncConnection, network_id: str, found: Sequence[Call], sealer: Sealer, seals: dict[UUID, Seal]
) -> list[CallView]:
    turns = await rows.turns_of(tx, network_id, [one.call_id for one in found])
    return [
        CallView(
            call_id=one.call_id, direction=one.direction, state=one.state, number=_number(one, sealer, seals),
            branch_id=one.branch_id, patient_id=one.patient_id, candidates=list(one.candidates),
            message_id=one.message_id, at=one.at, answered_at=one.answered_at, ended_at=one.ended_at,
            seconds=one.seconds, reason=one.reason,
            legs=[CallLeg(at=leg.at, digits=leg.digits, act=leg.act) for leg in turns.get(one.call_id, [])],
        )
        for one in found
    ]  # fmt: skip


def _number(call: Call, sealer: Sealer, seals: dict[UUID, Seal]) -> str:
    """Sealed by the patient's key in calls of ours, by the service's in those that come in; empty after an erasure."""
    if call.direction == "inbound":
        return str(sealer.service.open(call.number, about="calls.number")) if call.number else ""
    seal = seals.get(call.patient_id) if call.patient_id else None
    return str(seal.open(call.number, about="attempts.address")) if seal and call.number else ""
