"""The public directory, free slots, and how a network sets itself up."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field

from common.caller import Caller
from common.contracts.booking import FindFreeSlots
from common.contracts.consents import ConsentTexts, DescribeConsentTexts
from common.contracts.directory import (
    Branch,
    DescribeDirectory,
    Locale,
    Practitioner,
    PutBranch,
    PutPractitioner,
    PutRoom,
    PutService,
    Room,
    Service,
)
from common.contracts.messages import Command, Done
from common.ids import new_id
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    PartsHere,
    about,
    answer,
    carry_out,
    json_answer,
    may,
    minted,
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


# --- a network sets itself up ---------------------------------------------------------------------------

Reader = Annotated[Principal, Depends(may("directory.read"))]
Writer = Annotated[Principal, Depends(may("directory.write"))]
_STRICT = ConfigDict(frozen=True, extra="forbid")


class BranchInput(Branch):
    """A branch; its id is in the path, or minted."""

    model_config = _STRICT
    branch_id: UUID = Field(default_factory=new_id)
    if_version: int | None = None


class PractitionerInput(Practitioner):
    """A practitioner; the id is in the path, or minted."""

    model_config = _STRICT
    practitioner_id: UUID = Field(default_factory=new_id)
    if_version: int | None = None


class RoomInput(Room):
    """A room; its id is in the path, or minted."""

    model_config = _STRICT
    room_id: UUID = Field(default_factory=new_id)
    if_version: int | None = None


class ServiceInput(Service):
    """A service; its id is in the path, or minted."""

    model_config = _STRICT
    service_id: UUID = Field(default_factory=new_id)
    if_version: int | None = None


@router.get("/api/v1/directory")
async def describe(parts: PartsHere, principal: Reader) -> Response:
    """Everything of the network's directory, with each thing's version."""
    question = DescribeDirectory()
    return json_answer(await parts.asks.ask_bytes(question, caller=principal.caller))


@router.get("/api/v1/directory/{kind}")
async def describe_kind(kind: str, parts: PartsHere, principal: Reader) -> Response:
    """All branches, practitioners, rooms or services, also those that are not active, with versions."""
    directory = await parts.asks.ask(DescribeDirectory(), caller=principal.caller)
    things = directory.model_dump(mode="json", include={kind, "versions"}) if kind in _KINDS else {}
    things.setdefault(kind, [])
    return json_answer(orjson.dumps(things))


_KINDS = frozenset({"branches", "practitioners", "rooms", "services"})


async def _put(
    request: Request,
    parts: PartsHere,
    principal: Principal,
    command: Command[Done],
    identity: str,
    thing_id: UUID,
) -> Response:
    about(request, **{identity: thing_id})
    done = await carry_out(parts, command, principal.caller)
    parts.public_directory.forget(principal.network_id)
    created = request.method == "POST"
    return json_answer(
        orjson.dumps({identity: str(thing_id), "version": done.version}), 201 if created else 200
    )


@router.post("/api/v1/directory/branches", status_code=201)
async def add_branch(
    body: BranchInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new branch."""
    ids = await minted(request, principal, idempotency_key)
    thing = Branch(**{**body.model_dump(exclude={"if_version"}), "branch_id": ids.id("branch")})
    command = PutBranch(command_id=ids.id("put"), branch=thing)
    return await _put(request, parts, principal, command, "branch_id", thing.branch_id)


@router.put("/api/v1/directory/branches/{branch_id}")
async def put_branch(
    branch_id: UUID, body: BranchInput, request: Request, parts: PartsHere, principal: Writer
) -> Response:
    """Create or replace a branch."""
    thing = Branch(**{**body.model_dump(exclude={"if_version"}), "branch_id": branch_id})
    command = PutBranch(branch=thing, if_version=body.if_version)
    return await _put(request, parts, principal, command, "branch_id", branch_id)


@router.post("/api/v1/directory/practitioners", status_code=201)
async def add_practitioner(
    body: PractitionerInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new practitioner."""
    ids = await minted(request, principal, idempotency_key)
    thing = Practitioner(
        **{**body.model_dump(exclude={"if_version"}), "practitioner_id": ids.id("practitioner")}
    )
    command = PutPractitioner(command_id=ids.id("put"), practitioner=thing)
    return await _put(request, parts, principal, command, "practitioner_id", thing.practitioner_id)


@router.put("/api/v1/directory/practitioners/{practitioner_id}")
async def put_practitioner(
    practitioner_id: UUID, body: PractitionerInput, request: Request, parts: PartsHere, principal: Writer
) -> Response:
    """Create or replace a practitioner with working hours."""
    thing = Practitioner(**{**body.model_dump(exclude={"if_version"}), "practitioner_id": practitioner_id})
    command = PutPractitioner(practitioner=thing, if_version=body.if_version)
    return await _put(request, parts, principal, command, "practitioner_id", practitioner_id)


@router.post("/api/v1/directory/rooms", status_code=201)
async def add_room(
    body: RoomInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new room or chair."""
    ids = await minted(request, principal, idempotency_key)
    thing = Room(**{**body.model_dump(exclude={"if_version"}), "room_id": ids.id("room")})
    command = PutRoom(command_id=ids.id("put"), room=thing)
    return await _put(request, parts, principal, command, "room_id", thing.room_id)


@router.put("/api/v1/directory/rooms/{room_id}")
async def put_room(
    room_id: UUID, body: RoomInput, request: Request, parts: PartsHere, principal: Writer
) -> Response:
    """Create or replace a room."""
    thing = Room(**{**body.model_dump(exclude={"if_version"}), "room_id": room_id})
    command = PutRoom(room=thing, if_version=body.if_version)
    return await _put(request, parts, principal, command, "room_id", room_id)


@router.post("/api/v1/directory/services", status_code=201)
async def add_service(
    body: ServiceInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new entry of the catalogue."""
    ids = await minted(request, principal, idempotency_key)
    thing = Service(**{**body.model_dump(exclude={"if_version"}), "service_id": ids.id("service")})
    command = PutService(command_id=ids.id("put"), service=thing)
    return await _put(request, parts, principal, command, "service_id", thing.service_id)


@router.put("/api/v1/directory/services/{service_id}")
async def put_service(
    service_id: UUID, body: ServiceInput, request: Request, parts: PartsHere, principal: Writer
) -> Response:
    """Create or replace an entry of the catalogue."""
    thing = Service(**{**body.model_dump(exclude={"if_version"}), "service_id": service_id})
    command = PutService(service=thing, if_version=body.if_version)
    return await _put(request, parts, principal, command, "service_id", service_id)
