"""The next control of a patient, with whom they saw last."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.contracts.booking import FindNextSlots
from common.contracts.patient_profile import GetProfile
from gateway.queries.principals import Principal
from gateway.routes.access import AuditedRoute, PartsHere, about, json_answer, may
from gateway.routes.patients import own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("patients.read"))]


@router.get("/api/v1/patients/{patient_id}/next-slots")
async def next_slots(
    patient_id: UUID,
    request: Request,
    parts: PartsHere,
    principal: Reader,
    service_id: UUID,
    from_date: Annotated[date | None, Query(alias="from")] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 6,
) -> Response:
    """Who treated the patient last by this service, else by its kind, and when they have time: same branch first."""
    about(request, patient_id=patient_id, service_id=service_id)
    await own_patient(parts, principal, patient_id)
    profile = await parts.asks.ask(GetProfile(patient_id=patient_id), caller=principal.caller)
    question = FindNextSlots(
        patient_ids=[patient_id, *profile.merged_ids],
        service_id=service_id,
        from_date=from_date,
        limit=limit,
    )
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))
