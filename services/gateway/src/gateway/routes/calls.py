"""Calls that come in: who rings now, and what became of those that rang."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from common.contracts.notifications import GetCall, ListCalls
from common.contracts.patient_profile import GetCards
from common.errors import Refused, Unavailable
from gateway.handlers import Parts
from gateway.queries.principals import Principal
from gateway.routes.access import AuditedRoute, PartsHere, about, json_answer, may
from gateway.routes.patients import own_branch

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("calls.read"))]

LONGEST = timedelta(days=370)


class MalformedRange(Refused):
    """A range begins before it ends, and is no longer than a year."""

    code = "malformed"


@router.get("/api/v1/calls")
async def calls(
    request: Request,
    parts: PartsHere,
    principal: Reader,
    from_date: Annotated[date, Query(alias="from")],
    to_date: Annotated[date | None, Query(alias="to")] = None,
    branch_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Incoming calls, newest first, with counts of the range; days are local to the branch, `to` is included."""
    about(request, branch_id=branch_id or "all")
    zone = ZoneInfo("UTC")
    if branch_id is not None:
        own_branch(principal, branch_id)
        zone = ZoneInfo((await parts.public_directory.branch(principal.network_id, branch_id)).zone)
    last = to_date or parts.clock.now().astimezone(zone).date()
    if not timedelta(0) <= last - from_date <= LONGEST:
        raise MalformedRange("`from` comes before `to`, and not by more than a year")
    question = ListCalls(
        branch_id=branch_id,
        from_at=datetime.combine(from_date, time(), zone).astimezone(UTC),
        to_at=datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC),
        cursor=cursor,
        limit=limit,
    )
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/calls/{call_id}")
async def call(call_id: UUID, request: Request, parts: PartsHere, principal: Reader) -> Response:
    """One call, with the names of those who it could be: a list, never a guess."""
    found = await parts.asks.ask(GetCall(call_id=call_id), caller=principal.caller)
    if found.branch_id is not None:
        own_branch(principal, found.branch_id)
    ids = [*found.candidates, *([found.patient_id] if found.patient_id else [])]
    about(request, call_id=call_id, found=",".join(str(one) for one in ids[:20]))
    shown = found.model_dump(mode="json")
    shown["candidates"] = await _named(parts, principal, ids)
    return json_answer(orjson.dumps(shown))


async def _named(parts: Parts, principal: Principal, ids: list[UUID]) -> list[dict[str, str]]:
    """Without names while patient-profile does not answer: the call is shown all the same."""
    names: dict[UUID, str] = {}
    try:
        cards = (
            (await parts.asks.ask(GetCards(patient_ids=ids), caller=principal.caller)).cards if ids else {}
        )
        names = {key: card.full_name for key, card in cards.items()}
    except Unavailable:
        pass
    return [{"patient_id": str(one), "full_name": names.get(one, "")} for one in ids]
