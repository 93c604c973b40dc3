"""Accounts of staff, and keys of machines."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, StringConstraints

from common.contracts.gateway import CreateStaff, EmailText, Role
from common.errors import UnknownThing
from gateway import tables
from gateway.handlers import Parts
from gateway.operations import accounts
from gateway.queries.principals import Principal
from gateway.routes.access import (
    AuditedRoute,
    IdempotencyKey,
    Input,
    PartsHere,
    about,
    json_answer,
    may,
    minted,
)

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Principal, Depends(may("staff.read"))]
Writer = Annotated[Principal, Depends(may("staff.write"))]
KeyWriter = Annotated[Principal, Depends(may("api-keys.write"))]
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


async def _expect_known(parts: Parts, principal: Principal, practitioners: Iterable[UUID | None]) -> None:
    """Refuse (`unknown-practitioner`) who is not in the network's directory."""
    directory = await parts.public_directory.of(principal.network_id)
    for unknown in {*practitioners} - {None, *(one.practitioner_id for one in directory.practitioners)}:
        raise UnknownThing("practitioner", unknown)


@router.get("/api/v1/staff")
async def staff(parts: PartsHere, principal: Reader) -> Response:
    """All accounts of the network."""
    async with parts.database.transaction(principal.network_id) as tx:
        found = await tables.accounts(tx, principal.network_id)
    return json_answer(orjson.dumps({"staff": [_shown(one) for one in found]}))


@router.post("/api/v1/staff", status_code=201)
async def add(
    body: StaffInput,
    request: Request,
    parts: PartsHere,
    principal: Writer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new account."""
    ids = await minted(request, principal, idempotency_key)
    command = CreateStaff(command_id=ids.id("create"), staff_id=ids.id("staff"), **body.model_dump())
    about(request, staff_id=command.staff_id)
    await _expect_known(parts, principal, [body.practitioner_id, *body.practitioner_ids])
    await accounts.create_staff(parts.database, principal.network_id, command, now=parts.clock.now())
    async with parts.database.transaction(principal.network_id) as tx:
        account = await tables.account(tx, principal.network_id, command.staff_id)
    if account is None:
        raise UnknownThing("staff", command.staff_id)
    return json_answer(orjson.dumps(_shown(account)), 201)


@router.patch("/api/v1/staff/{staff_id}")
async def change(
    staff_id: UUID, body: StaffChanges, request: Request, parts: PartsHere, principal: Writer
) -> Response:
    """Change an account; closing it, or a new password, ends its sessions."""
    about(request, staff_id=staff_id)
    await _expect_known(parts, principal, [body.practitioner_id, *(body.practitioner_ids or ())])
    account = await accounts.change_staff(
        parts.database,
        principal.network_id,
        staff_id,
        **body.model_dump(),
        now=parts.clock.now(),
    )
    return json_answer(orjson.dumps(_shown(account)))


@router.post("/api/v1/api-keys", status_code=201)
async def add_key(
    body: ApiKeyInput,
    request: Request,
    parts: PartsHere,
    principal: KeyWriter,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A key for a machine; it is shown this once."""
    ids = await minted(request, principal, idempotency_key)
    api_key_id = ids.id("api-key")
    about(request, api_key_id=api_key_id)
    key = await accounts.create_api_key(
        parts.database,
        parts.secrets.session_key,
        principal.network_id,
        api_key_id,
        name=body.name,
        roles=body.roles,
        by=principal.actor,
        now=parts.clock.now(),
    )
    shown = {"api_key_id": str(api_key_id), "name": body.name, "roles": body.roles, "key": key}
    return json_answer(orjson.dumps(shown), 201)


@router.delete("/api/v1/api-keys/{api_key_id}", status_code=204)
async def revoke_key(api_key_id: UUID, request: Request, parts: PartsHere, principal: KeyWriter) -> Response:
    """It opens nothing any more, everywhere within a second."""
    about(request, api_key_id=api_key_id)
    await accounts.revoke_api_key(parts.database, principal.network_id, api_key_id, now=parts.clock.now())
    return Response(status_code=204)
