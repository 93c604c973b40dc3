"""How a network sets itself up: its branches, practitioners, rooms and catalogue."""

from typing import Annotated, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict, Field

from common.contracts.directory import (
    Branch,
    DescribeDirectory,
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
from gateway.routes.access import AuditedRoute, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["directory"])
Reader = Annotated[Desk, Depends(desk_for("directory.read"))]
Founder = Annotated[Desk, Depends(desk_with_key("directory.write"))]
Writer = Annotated[Desk, Depends(desk_for("directory.write"))]
Thing = TypeVar("Thing", Branch, Practitioner, Room, Service)
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
async def describe(desk: Reader) -> Response:
    """Everything of the network's directory, with each thing's version."""
    return await desk.pass_on(DescribeDirectory())


@router.get("/api/v1/directory/{kind}")
async def describe_kind(kind: str, desk: Reader) -> Response:
    """All branches, practitioners, rooms or services, also those that are not active, with versions."""
    directory = await desk.ask(DescribeDirectory())
    things = directory.model_dump(mode="json", include={kind, "versions"}) if kind in _KINDS else {}
    things.setdefault(kind, [])
    return json_answer(orjson.dumps(things))


_KINDS = frozenset({"branches", "practitioners", "rooms", "services"})


def _under(kind: type[Thing], body: Thing, **identity: UUID) -> Thing:
    """What was sent, under the id of its path, or a minted one."""
    return kind.model_validate({**body.model_dump(exclude={"if_version"}), **identity})


async def _put(desk: Desk, command: Command[Done], status: int = 200, **identity: UUID) -> Response:
    desk.about(**identity)
    done = await desk.tell(command)
    desk.parts.public_directory.forget(desk.network_id)
    shown = {**{name: str(thing_id) for name, thing_id in identity.items()}, "version": done.version}
    return json_answer(orjson.dumps(shown), status)


@router.post("/api/v1/directory/branches", status_code=201)
async def add_branch(body: BranchInput, desk: Founder) -> Response:
    """A new branch."""
    ids = await desk.ids()
    branch = _under(Branch, body, branch_id=ids.id("branch"))
    return await _put(desk, PutBranch(branch=branch), 201, branch_id=branch.branch_id)


@router.put("/api/v1/directory/branches/{branch_id}")
async def put_branch(branch_id: UUID, body: BranchInput, desk: Writer) -> Response:
    """Create or replace a branch."""
    command = PutBranch(branch=_under(Branch, body, branch_id=branch_id), if_version=body.if_version)
    return await _put(desk, command, branch_id=branch_id)


@router.post("/api/v1/directory/practitioners", status_code=201)
async def add_practitioner(body: PractitionerInput, desk: Founder) -> Response:
    """A new practitioner."""
    ids = await desk.ids()
    practitioner = _under(Practitioner, body, practitioner_id=ids.id("practitioner"))
    return await _put(
        desk, PutPractitioner(practitioner=practitioner), 201, practitioner_id=practitioner.practitioner_id
    )


@router.put("/api/v1/directory/practitioners/{practitioner_id}")
async def put_practitioner(practitioner_id: UUID, body: PractitionerInput, desk: Writer) -> Response:
    """Create or replace a practitioner with working hours."""
    command = PutPractitioner(
        practitioner=_under(Practitioner, body, practitioner_id=practitioner_id), if_version=body.if_version
    )
    return await _put(desk, command, practitioner_id=practitioner_id)


@router.post("/api/v1/directory/rooms", status_code=201)
async def add_room(body: RoomInput, desk: Founder) -> Response:
    """A new room or chair."""
    ids = await desk.ids()
    room = _under(Room, body, room_id=ids.id("room"))
    return await _put(desk, PutRoom(room=room), 201, room_id=room.room_id)


@router.put("/api/v1/directory/rooms/{room_id}")
async def put_room(room_id: UUID, body: RoomInput, desk: Writer) -> Response:
    """Create or replace a room."""
    command = PutRoom(room=_under(Room, body, room_id=room_id), if_version=body.if_version)
    return await _put(desk, command, room_id=room_id)


@router.post("/api/v1/directory/services", status_code=201)
async def add_service(body: ServiceInput, desk: Founder) -> Response:
    """A new entry of the catalogue."""
    ids = await desk.ids()
    service = _under(Service, body, service_id=ids.id("service"))
    return await _put(desk, PutService(service=service), 201, service_id=service.service_id)


@router.put("/api/v1/directory/services/{service_id}")
async def put_service(service_id: UUID, body: ServiceInput, desk: Writer) -> Response:
    """Create or replace an entry of the catalogue."""
    command = PutService(service=_under(Service, body, service_id=service_id), if_version=body.if_version)
    return await _put(desk, command, service_id=service_id)
