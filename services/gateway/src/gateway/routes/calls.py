"""Calls that come in: who rings now, and what became of those that rang."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Query, Response

from common.contracts.notifications import GetCall, ListCalls
from common.contracts.patient_profile import GetCards
from common.errors import Unavailable
from gateway.routes.access import AuditedRoute, json_answer
from gateway.routes.desk import Desk, desk_for
from gateway.routes.instants import MalformedRange

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("calls.read"))]

LONGEST = timedelta(days=370)


@router.get("/api/v1/calls")
async def calls(
    desk: Reader,
    from_date: Annotated[date, Query(alias="from")],
    to_date: Annotated[date | None, Query(alias="to")] = None,
    branch_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Incoming calls, newest first, with counts of the range; days are local to the branch, `to` is included."""
    desk.about(branch_id=branch_id or "all")
    zone = ZoneInfo("UTC")
    if branch_id is not None:
        desk.own_branch(branch_id)
        zone = ZoneInfo((await desk.parts.public_directory.branch(desk.network_id, branch_id)).zone)
    last = to_date or desk.now.astimezone(zone).date()
    if not timedelta(0) <= last - from_date <= LONGEST:
        raise MalformedRange("`from` comes before `to`, and not by more than a year")
    return await desk.pass_on(
        ListCalls(
            branch_id=branch_id,
            from_at=datetime.combine(from_date, time(), zone).astimezone(UTC),
            to_at=datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC),
            cursor=cursor,
            limit=limit,
        )
    )


@router.get("/api/v1/calls/{call_id}")
async def call(call_id: UUID, desk: Reader) -> Response:
    """One call, with the names of those who it could be: a list, never a guess."""
    found = await desk.ask(GetCall(call_id=call_id))
    if found.branch_id is not None:
        desk.own_branch(found.branch_id)
    ids = [*found.candidates, *([found.patient_id] if found.patient_id else [])]
    desk.about(call_id=call_id, found=",".join(str(one) for one in ids[:20]))
    shown = found.model_dump(mode="json")
    shown["candidates"] = await _named(desk, ids)
    return json_answer(orjson.dumps(shown))


async def _named(desk: Desk, ids: list[UUID]) -> list[dict[str, str]]:
    """Without names while patient-profile does not answer: the call is shown all the same."""
    names: dict[UUID, str] = {}
    try:
        cards = (await desk.ask(GetCards(patient_ids=ids))).cards if ids else {}
        names = {key: card.full_name for key, card in cards.items()}
    except Unavailable:
        pass
    return [{"patient_id": str(one), "full_name": names.get(one, "")} for one in ids]
