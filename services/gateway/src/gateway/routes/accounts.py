"""Accounts of staff, and keys of machines."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import Field, StringConstraints

from common.contracts.gateway import CreateStaff, EmailText, Role
from common.errors import UnknownThing
from gateway import tables
from gateway.operations import accounts
from gateway.routes.access import AuditedRoute, Input, json_answer
from gateway.routes.desk import Desk, desk_for, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("staff.read"))]
Writer = Annotated[Desk, Depends(desk_with_key("staff.write"))]
Changer = Annotated[Desk, Depends(desk_for("staff.write"))]
KeyWriter = Annotated[Desk, Depends(desk_with_key("api-keys.write"))]
Revoker = Annotated[Desk, Depends(desk_for("api-keys.write"))]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class StaffInput(Input):
    """A new account."""

    email: EmailText
    display_name: Name
    password: str = Field(min_length=1, max_length=200)
    roles: list[Role] = Field(min_length=1, max_length=5)
    branch_ids: list[UUID] = Field(default_factory=list, max_length=200)
    practitioner_id: UUID | None = None
    """Who a doctor is."""
    practitioner_ids: list[UUID] = Field(default_factory=list, max_length=50)
    """For whom a delegate acts."""


class StaffChanges(Input):
    """What is left out stays as it is."""

    display_name: Name | None = None
    roles: list[Role] | None = Field(default=None, min_length=1, max_length=5)
    branch_ids: list[UUID] | None = Field(default=None, max_length=200)
    practitioner_id: UUID | None = None
    practitioner_ids: list[UUID] | None = Field(default=None, max_length=50)
    active: bool | None = None
    password: str | None = Field(default=None, min_length=1, max_length=200)
    if_version: int | None = None


class ApiKeyInput(Input):
    """What the key is for, and what it may do."""

    name: Name
    roles: list[Role] = Field(min_length=1, max_length=5)


def _shown(account: tables.Account) -> dict[str, object]:
    return {
        "staff_id": str(account.staff_id),
        "email": account.email,
        "display_name": account.display_name,
        "roles": list(account.roles),
        "branch_ids": [str(one) for one in account.branch_ids],
        "practitioner_id": str(account.practitioner_id) if account.practitioner_id else None,
        "practitioner_ids": [str(one) for one in account.practitioner_ids],
        "active": account.active,
        "second_factor": account.totp_secret is not None,
        "version": account.version,
    }


async def _expect_known(desk: Desk, practitioners: Iterable[UUID | None]) -> None:
    """Refuse (`unknown-practitioner`) who is not in the network's directory."""
    directory = await desk.parts.public_directory.of(desk.network_id)
    for unknown in {*practitioners} - {None, *(one.practitioner_id for one in directory.practitioners)}:
        raise UnknownThing("practitioner", unknown)


@router.get("/api/v1/staff")
async def staff(desk: Reader) -> Response:
    """All accounts of the network."""
    async with desk.parts.database.transaction(desk.network_id) as tx:
        found = await tables.accounts(tx, desk.network_id)
    return json_answer(orjson.dumps({"staff": [_shown(one) for one in found]}))


@router.post("/api/v1/staff", status_code=201)
async def add(body: StaffInput, desk: Writer) -> Response:
    """A new account."""
    ids = await desk.ids()
    command = CreateStaff(command_id=ids.id("create"), staff_id=ids.id("staff"), **body.model_dump())
    desk.about(staff_id=command.staff_id)
    await _expect_known(desk, [body.practitioner_id, *body.practitioner_ids])
    await accounts.create_staff(desk.parts.database, desk.network_id, command, now=desk.now)
    async with desk.parts.database.transaction(desk.network_id) as tx:
        account = await tables.account(tx, desk.network_id, command.staff_id)
    if account is None:
        raise UnknownThing("staff", command.staff_id)
    return json_answer(orjson.dumps(_shown(account)), 201)


@router.patch("/api/v1/staff/{staff_id}")
async def change(staff_id: UUID, body: StaffChanges, desk: Changer) -> Response:
    """Change an account; closing it, or a new password, ends its sessions."""
    desk.about(staff_id=staff_id)
    await _expect_known(desk, [body.practitioner_id, *(body.practitioner_ids or ())])
    account = await accounts.change_staff(
        desk.parts.database,
        desk.network_id,
        staff_id,
        **body.model_dump(),
        now=desk.now,
    )
    return json_answer(orjson.dumps(_shown(account)))


@router.post("/api/v1/api-keys", status_code=201)
async def add_key(body: ApiKeyInput, desk: KeyWriter) -> Response:
    """A key for a machine; it is shown this once."""
    ids = await desk.ids()
    api_key_id = ids.id("api-key")
    desk.about(api_key_id=api_key_id)
    key = await accounts.create_api_key(
        desk.parts.database,
        desk.parts.secrets.session_key,
        desk.network_id,
        api_key_id,
        name=body.name,
        roles=body.roles,
        by=desk.principal.actor,
        now=desk.now,
    )
    shown = {"api_key_id": str(api_key_id), "name": body.name, "roles": body.roles, "key": key}
    return json_answer(orjson.dumps(shown), 201)


@router.delete("/api/v1/api-keys/{api_key_id}", status_code=204)
async def revoke_key(api_key_id: UUID, desk: Revoker) -> Response:
    """It opens nothing any more, everywhere within a second."""
    desk.about(api_key_id=api_key_id)
    await accounts.revoke_api_key(desk.parts.database, desk.network_id, api_key_id, now=desk.now)
    return Response(status_code=204)
