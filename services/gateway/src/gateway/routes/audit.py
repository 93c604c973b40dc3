"""The audit log, for those who answer for it. Reading it is audited too."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.queries import audit
from gateway.queries.principals import Principal
from gateway.routes.access import AuditedRoute, PartsHere, about, json_answer, may

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("audit.read"))]


@router.get("/api/v1/audit")
async def page(
    request: Request,
    parts: PartsHere,
    principal: Reader,
    cursor: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    patient_id: UUID | None = None,
) -> Response:
    """Who did what, when, on whom: newest first."""
    about(request, patient_id=patient_id)
    entries = await audit.page(
        parts.database,
        principal.network_id,
        before=cursor,
        limit=limit,
        patient_id=str(patient_id) if patient_id else None,
    )
    following = entries[-1]["seq"] if len(entries) == limit and entries[-1]["seq"] > 1 else None
    return json_answer(orjson.dumps({"entries": entries, "next_cursor": following}))


@router.get("/api/v1/audit/integrity")
async def integrity(parts: PartsHere, principal: Reader) -> Response:
    """Whether any entry was changed or is missing. Keep `last_hash` elsewhere: it proves the end, too."""
    return json_answer(orjson.dumps(await audit.integrity(parts.database, principal.network_id)))
