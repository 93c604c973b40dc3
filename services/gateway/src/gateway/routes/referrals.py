"""Referrals inside the network, and what becomes of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
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
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    answer,
    carry_out,
    json_answer,
    may,
    minted,
)
from gateway.routes.patients import own_patient

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("referrals.read"))]
Writer = Annotated[Principal, Depends(may("referrals.write"))]


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
async def create(
    body: ReferralInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Ask for a visit elsewhere in the network; book it by `referral_id` in `POST /api/v1/appointments`."""
    about(request, patient_id=body.patient_id)
    await own_patient(parts, principal, body.patient_id)
    referring = body.from_practitioner_id or principal.practitioner_id
    if referring is None:
        raise NotAllowed("Say by `from_practitioner_id` who refers")
    ids = await minted(request, principal, idempotency_key)
    command = CreateReferral(
        command_id=ids.id("create referral"),
        referral_id=ids.id("referral"),
        from_practitioner_id=referring,
        **body.model_dump(exclude={"from_practitioner_id"}),
    )
    about(request, referral_id=command.referral_id)
    return answer(await carry_out(parts, command, principal.caller), 201)


@router.get("/api/v1/referrals")
async def listed(
    request: Request,
    parts: PartsHere,
    principal: Reader,
    patient_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    status: ReferralStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Newest first: of a patient, of a practitioner (who wrote it, was asked, or has the visit), or all one may see."""
    about(request, patient_id=patient_id, practitioner_id=practitioner_id)
    question = ListReferrals(
        patient_ids=None if patient_id is None else [patient_id],
        practitioner_id=practitioner_id,
        status=status,
        limit=limit,
    )
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.post("/api/v1/referrals/{referral_id}/decline")
async def decline(
    referral_id: UUID,
    body: Declining,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Nothing will come of it: said by who referred, by who was asked, or at the desk."""
    about(request, referral_id=referral_id)
    ids = await minted(request, principal, idempotency_key)
    command = DeclineReferral(
        command_id=ids.id("decline referral"), referral_id=referral_id, **body.model_dump()
    )
    referral = await carry_out(parts, command, principal.caller)
    about(request, patient_id=referral.patient_id)
    return answer(referral)
