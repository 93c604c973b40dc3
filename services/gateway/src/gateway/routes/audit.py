"""The audit log, for those who answer for it. Reading it is audited too."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response

from gateway.queries import audit
from gateway.routes.access import AuditedRoute, json_answer
from gateway.routes.desk import Desk, desk_for

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("audit.read"))]


@router.get("/api/v1/audit")
async def page(
    desk: Reader,
    cursor: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    patient_id: UUID | None = None,
) -> Response:
    """Who did what, when, on whom: newest first."""
    desk.about(patient_id=patient_id)
    entries = await audit.page(
        desk.parts.database,
        desk.network_id,
        before=cursor,
        limit=limit,
        patient_id=str(patient_id) if patient_id else None,
    )
    following = entries[-1]["seq"] if len(entries) == limit and entries[-1]["seq"] > 1 else None
    return json_answer(orjson.dumps({"entries": entries, "next_cursor": following}))


@router.get("/api/v1/audit/integrity")
async def integrity(desk: Reader) -> Response:
    """Whether any entry was changed or is missing. Keep `last_hash` elsewhere: it proves the end, too."""
    return json_answer(orjson.dumps(await audit.integrity(desk.parts.database, desk.network_id)))
