"""What everybody may know of a network: its branches, services and practitioners, and what can be booked."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response

from common.caller import Caller
from common.contracts.booking import FindFreeSlots
from common.contracts.consents import ConsentTexts, DescribeConsentTexts
from common.contracts.directory import (
    Locale,
)
from gateway.routes.access import (
    AuditedRoute,
    PartsHere,
    answer,
    json_answer,
)
from gateway.routes.shapes import NetworkShape, NetworksShape, SlotsShape

router = APIRouter(route_class=AuditedRoute, tags=["directory"])


def everybody(network_id: str) -> Caller:
    """Somebody without an account, as owners are told."""
    return Caller(network_id=network_id, actor="anonymous", purpose="booking")


@router.get("/api/v1/networks", response_model=NetworksShape)
async def networks(parts: PartsHere) -> Response:
    """Every network of this installation."""
    found = [NetworkShape.model_validate(one.model_dump()) for one in await parts.public_directory.networks()]
    return answer(NetworksShape(networks=found))


@router.get("/api/v1/networks/{network}")
async def network(network: str, parts: PartsHere) -> Response:
    """One network."""
    found = await parts.public_directory.network(network)
    return answer(NetworkShape.model_validate(found.model_dump()))


@router.get("/api/v1/networks/{network}/branches")
async def branches(network: str, parts: PartsHere, service_id: UUID | None = None) -> Response:
    """Active branches; with `service_id` those that offer it."""
    directory = await parts.public_directory.of(network)
    service = next((one for one in directory.services if one.service_id == service_id), None)
    found = [
        one
        for one in directory.branches
        if one.active
        and (service is None or service.branch_ids is None or one.branch_id in service.branch_ids)
    ]
    return _listed("branches", found)


@router.get("/api/v1/networks/{network}/services")
async def services(
    network: str, parts: PartsHere, branch_id: UUID | None = None, practitioner_id: UUID | None = None
) -> Response:
    """The active catalogue; with `branch_id` what is offered there."""
    directory = await parts.public_directory.of(network)
    who = next((one for one in directory.practitioners if one.practitioner_id == practitioner_id), None)
    found = [
        one
        for one in directory.services
        if one.active
        and (branch_id is None or one.branch_ids is None or branch_id in one.branch_ids)
        and (practitioner_id is None or (who is not None and one.service_id in who.service_ids))
    ]
    return _listed("services", found)


@router.get("/api/v1/networks/{network}/practitioners")
async def practitioners(
    network: str, parts: PartsHere, branch_id: UUID | None = None, service_id: UUID | None = None
) -> Response:
    """Active practitioners; with `branch_id` those who work there, with `service_id` those who perform it."""
    directory = await parts.public_directory.of(network)
    found = [
        one
        for one in directory.practitioners
        if one.active
        and (branch_id is None or any(hours.branch_id == branch_id for hours in one.working_hours))
        and (service_id is None or service_id in one.service_ids)
    ]
    return _listed("practitioners", found)


def _listed(name: str, things: list[Any]) -> Response:
    return json_answer(orjson.dumps({name: [one.model_dump(mode="json") for one in things]}))


@router.get("/api/v1/networks/{network}/slots", response_model=SlotsShape)
async def slots(
    network: str,
    parts: PartsHere,
    service_id: UUID,
    branch_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    from_date: Annotated[date | None, Query(alias="from")] = None,
    days: Annotated[int, Query(ge=1, le=62)] = 7,
) -> Response:
    """What can be booked, from a local date on."""
    await parts.public_directory.network(network)
    question = FindFreeSlots(
        service_id=service_id,
        branch_id=branch_id,
        practitioner_id=practitioner_id,
        from_date=from_date,
        days=days,
    )
    # A reply of many slots is of this answer's form already: it is passed on as it came.
    return json_answer(await parts.asks.ask_bytes(question, caller=everybody(network)))


@router.get("/api/v1/networks/{network}/consent-texts", response_model=ConsentTexts)
async def consent_texts(network: str, parts: PartsHere, locale: Locale | None = None) -> Response:
    """The words beside the boxes of the booking form; a booking names their versions in `text_versions`."""
    await parts.public_directory.network(network)
    question = DescribeConsentTexts(locale=locale)
    return json_answer(await parts.asks.ask_bytes(question, caller=everybody(network)))
