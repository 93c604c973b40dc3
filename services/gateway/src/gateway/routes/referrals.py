"""Referrals inside the network, and what becomes of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from common.contracts.booking import (
    CreateReferral,
    DeclineReason,
    DeclineReferral,
    ListReferrals,
    ReferralReason,
    ReferralStatus,
    ReferralWish,
    Urgency,
)
from common.errors import NotAllowed
from gateway.routes.access import AuditedRoute, Input, answer
from gateway.routes.desk import Desk, desk_for, desk_with_key
from gateway.routes.patients import own_patient
from gateway.routes.whom import expect_known

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("referrals.read"))]
Writer = Annotated[Desk, Depends(desk_with_key("referrals.write"))]


class WishInput(ReferralWish):
    """A service or a kind of service, and by whom or where if that matters."""

    model_config = Input.model_config


class ReferralInput(Input):
    """Whom to send to what; a doctor refers in their own name, the desk says in whose."""

    patient_id: UUID
    from_practitioner_id: UUID | None = None
    visit_id: UUID | None = None
    wish: WishInput
    urgency: Urgency = "routine"
    reason: ReferralReason = "consultation"
    valid_days: int | None = Field(default=None, ge=1, le=366)


class Declining(Input):
    """Why nothing will come of it."""

    reason: DeclineReason
    if_version: int | None = None


@router.post("/api/v1/referrals", status_code=201)
async def create(body: ReferralInput, desk: Writer) -> Response:
    """Ask for a visit elsewhere in the network; book it by `referral_id` in `POST /api/v1/appointments`."""
    desk.about(patient_id=body.patient_id)
    await own_patient(desk, body.patient_id)
    await expect_known(desk, body.patient_id)
    referring = body.from_practitioner_id or desk.principal.practitioner_id
    if referring is None:
        raise NotAllowed("Say by `from_practitioner_id` who refers")
    ids = await desk.ids()
    command = CreateReferral(
        referral_id=ids.id("referral"),
        from_practitioner_id=referring,
        **body.model_dump(exclude={"from_practitioner_id"}),
    )
    desk.about(referral_id=command.referral_id)
    return answer(await desk.tell(command), 201)


@router.get("/api/v1/referrals")
async def listed(
    desk: Reader,
    patient_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    status: ReferralStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Newest first: of a patient, of a practitioner (who wrote it, was asked, or has the visit), or all one may see."""
    desk.about(patient_id=patient_id, practitioner_id=practitioner_id)
    return await desk.pass_on(
        ListReferrals(
            patient_ids=None if patient_id is None else [patient_id],
            practitioner_id=practitioner_id,
            status=status,
            limit=limit,
        )
    )


@router.post("/api/v1/referrals/{referral_id}/decline")
async def decline(referral_id: UUID, body: Declining, desk: Writer) -> Response:
    """Nothing will come of it: said by who referred, by who was asked, or at the desk."""
    desk.about(referral_id=referral_id)
    command = DeclineReferral(referral_id=referral_id, **body.model_dump())
    referral = await desk.tell(command)
    desk.about(patient_id=referral.patient_id)
    return answer(referral)
