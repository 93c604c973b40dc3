"""The next control of a patient, with whom they saw last."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from common.contracts.booking import FindNextSlots
from common.contracts.patient_profile import GetProfile
from gateway.routes.access import AuditedRoute
from gateway.routes.desk import Desk, desk_for
from gateway.routes.patients import own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("patients.read"))]


@router.get("/api/v1/patients/{patient_id}/next-slots")
async def next_slots(
    patient_id: UUID,
    desk: Reader,
    service_id: UUID,
    from_date: Annotated[date | None, Query(alias="from")] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 6,
) -> Response:
    """Who treated the patient last by this service, else by its kind, and when they have time: same branch first."""
    desk.about(patient_id=patient_id, service_id=service_id)
    await own_patient(desk, patient_id)
    profile = await desk.ask(GetProfile(patient_id=patient_id))
    return await desk.pass_on(
        FindNextSlots(
            patient_ids=[patient_id, *profile.merged_ids],
            service_id=service_id,
            from_date=from_date,
            limit=limit,
        )
    )
