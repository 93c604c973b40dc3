"""A patient books, without an account."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from common.caller import Caller
from common.contracts.booking import AppointmentRecord, BookAppointment
from common.contracts.consents import Given, GrantPermissions
from common.contracts.directory import Locale, Network
from common.contracts.patient_profile import FullName, PhoneText, RegisterPatient
from gateway.handlers import Parts
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    answer,
    carry_out,
    minted,
    to_be_audited,
)
from gateway.routes.directory import everybody
from gateway.routes.instants import Instant
from gateway.routes.shapes import Booked, manage_url, public_appointment
from gateway.rules.minted import Minted

router = APIRouter(route_class=AuditedRoute, tags=["patients"])

UNNAMED_TEXT = "booking-form"
"""The evidence where a form does not say which wording it showed."""

Agreement = Literal["marketing", "cross_border"]

OutsideSource = Literal[
    "site", "phone", "whatsapp", "instagram", "telegram", "line", "listing", "recall", "api"
]
"""What a site, chat, listing, campaign or call centre may say it is. That somebody was booked at the desk or walked in
is said by staff alone: it is what the report of sources counts."""

Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")]


class Person(Input):
    """Who comes, or who books for somebody."""

    full_name: FullName
    phone: PhoneText
    locale: Locale | None = None
    email: Email | None = None


class BookingInput(Input):
    """What the booking form sends. An unticked box is no refusal."""

    service_id: UUID
    branch_id: UUID
    practitioner_id: UUID
    starts_at: Instant
    patient: Person
    agrees_to: list[Agreement] = Field(default_factory=list, max_length=2)
    text_versions: dict[Agreement, Annotated[str, StringConstraints(min_length=1, max_length=60)]] = Field(
        default_factory=dict
    )
    """Which wording was shown beside each box, as `consent-texts` names it: part of the evidence."""
    booked_by: Person | None = None
    source: OutsideSource = "site"
    utm: dict[
        Annotated[str, StringConstraints(max_length=40)], Annotated[str, StringConstraints(max_length=200)]
    ] = Field(default_factory=dict, max_length=8)
    campaign_id: UUID | None = None


@router.post("/api/v1/networks/{network}/bookings", status_code=201, response_model=Booked)
async def book(
    network: str,
    body: BookingInput,
    request: Request,
    parts: PartsHere,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take a slot. 409 `slot-taken` comes with `alternatives`."""
    place = await parts.public_directory.network(network)
    caller = everybody(network)
    to_be_audited(
        request, network_id=network, actor=caller.actor, action="bookings.create", purpose="booking"
    )
    ids = await minted(request, caller, idempotency_key)
    patient_id = await register(parts, caller, place, body.patient, ids, "patient")
    about(request, patient_id=patient_id)
    booked_by = (
        await register(parts, caller, place, body.booked_by, ids, "booked-by") if body.booked_by else None
    )
    await asyncio.gather(
        *(_grant(request, parts, caller, body, ids, patient_id, one) for one in dict.fromkeys(body.agrees_to))
    )
    record = await _take(parts, caller, body, ids, patient_id, booked_by)
    about(request, appointment_id=record.appointment.appointment_id)
    return answer(
        Booked(appointment=public_appointment(record), manage_url=manage_url(parts, network, record)),
        201,
    )


async def _grant(
    request: Request,
    parts: Parts,
    caller: Caller,
    body: BookingInput,
    ids: Minted,
    patient_id: UUID,
    purpose: Agreement,
) -> None:
    given = Given(
        text_version=body.text_versions.get(purpose, UNNAMED_TEXT),
        how="booking-form",
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent", "")[:400],
    )
    command = GrantPermissions(
        command_id=ids.id(f"grant {purpose}"), patient_id=patient_id, grants=[purpose], given=given
    )
    await carry_out(parts, command, caller)


async def _take(
    parts: Parts, caller: Caller, body: BookingInput, ids: Minted, patient_id: UUID, booked_by: UUID | None
) -> AppointmentRecord:
    command = BookAppointment(
        command_id=ids.id("book"),
        appointment_id=ids.id("appointment"),
        patient_id=patient_id,
        service_id=body.service_id,
        branch_id=body.branch_id,
        practitioner_id=body.practitioner_id,
        starts_at=body.starts_at,
        source=body.source,
        utm=body.utm,
        campaign_id=body.campaign_id,
        booked_by=booked_by,
    )
    return await carry_out(parts, command, caller)


async def register(
    parts: Parts,
    caller: Caller,
    network: Network,
    person: Person,
    ids: Minted,
    name: str,
    *,
    provisional: bool = True,
) -> UUID:
    """The found or new patient's id."""
    command = RegisterPatient(
        command_id=ids.id(f"register {name}"),
        patient_id=ids.id(name),
        full_name=person.full_name,
        phone=person.phone,
        country=network.country,
        locale=person.locale,
        email=person.email,
        provisional=provisional,
    )
    return (await carry_out(parts, command, caller)).patient_id
