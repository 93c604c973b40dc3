"""The link to a freed time that is held for whoever waits for it: look, book, or leave it to the next."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel

from common.contracts.booking import AcceptOffer, AppointmentState, DeclineOffer
from common.links import Purpose
from gateway.queries.directory import around
from gateway.routes.access import AuditedRoute, IdempotencyKey, PartsHere, answer, carry_out, minted
from gateway.routes.links import open_link
from gateway.routes.shapes import (
    Booked,
    LinkBranch,
    LinkPractitioner,
    LinkService,
    NetworkShape,
    link_shape,
    manage_url,
    public_appointment,
)

router = APIRouter(route_class=AuditedRoute, tags=["patients"])

_OFFER: frozenset[Purpose] = frozenset({"offer"})


class OfferShape(BaseModel):
    """A time that is held: nothing of the patient. `taken` is one that was accepted, `over` one that went on."""

    state: Literal["open", "taken", "over"]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    until: AwareDatetime | None
    network: NetworkShape
    branch: LinkBranch | None
    practitioner: LinkPractitioner | None
    service: LinkService | None


class Declined(BaseModel):
    """It goes to the next; the patient goes on waiting for another."""

    state: Literal["over"] = "over"


@router.get("/api/v1/offers/{token}", response_model=OfferShape)
async def look(token: str, request: Request, parts: PartsHere) -> Response:
    """The time, its place and its practitioner, and whether it can still be had."""
    opened = await open_link(request, parts, token, _OFFER, "offers.read")
    directory = await parts.public_directory.of(opened.network_id)
    state = opened.record.appointment
    shown = link_shape(opened.record, around(directory, state), directory.network, actions=[])
    return answer(
        OfferShape(
            state=_state(state, now=parts.clock.now()), starts_at=state.starts_at, ends_at=state.ends_at,
            until=state.held_until, network=shown.network, branch=shown.branch,
            practitioner=shown.practitioner, service=shown.service,
        )
    )  # fmt: skip


@router.post("/api/v1/offers/{token}/accept", response_model=Booked)
async def accept(
    token: str, request: Request, parts: PartsHere, idempotency_key: IdempotencyKey = None
) -> Response:
    """Book it; refused `offer-over` (409, with alternatives) once it has gone to the next."""
    opened = await open_link(request, parts, token, _OFFER, "offers.accept")
    ids = await minted(request, opened.caller, idempotency_key)
    offer_id = opened.record.appointment.appointment_id
    command = AcceptOffer(command_id=ids.id("accept"), offer_id=offer_id, source="site")
    record = await carry_out(parts, command, opened.caller)
    return answer(
        Booked(
            appointment=public_appointment(record), manage_url=manage_url(parts, opened.network_id, record)
        )
    )


@router.post("/api/v1/offers/{token}/decline", response_model=Declined)
async def decline(
    token: str, request: Request, parts: PartsHere, idempotency_key: IdempotencyKey = None
) -> Response:
    """Leave it to the next, and go on waiting."""
    opened = await open_link(request, parts, token, _OFFER, "offers.decline")
    ids = await minted(request, opened.caller, idempotency_key)
    command = DeclineOffer(command_id=ids.id("decline"), offer_id=opened.record.appointment.appointment_id)
    await carry_out(parts, command, opened.caller)
    return answer(Declined())


def _state(state: AppointmentState, *, now: datetime) -> Literal["open", "taken", "over"]:
    if state.status == "held" and state.held_until is not None and state.held_until > now:
        return "open"
    return "taken" if state.status in {"booked", "confirmed", "arrived"} else "over"
