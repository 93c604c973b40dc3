"""Staff log in and out."""

from typing import Annotated
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from common.errors import NotAllowed
from gateway.handlers import Parts
from gateway.operations import accounts
from gateway.queries.principals import Principal
from gateway.routes.access import (
    COOKIE,
    AuditedRoute,
    Input,
    PartsHere,
    check_same_site,
    json_answer,
    may,
    to_be_audited,
)
from gateway.rules.accounts import IDLE, LONGEST
from gateway.rules.permissions import ACTIONS, allowed
from gateway.tables import Account

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Own = Annotated[Principal, Depends(may("account.own"))]


class Credentials(Input):
    """Who one claims to be."""

    email: str = Field(min_length=3, max_length=200)
    password: str = Field(min_length=1, max_length=200)
    totp: str | None = Field(default=None, min_length=6, max_length=8)


class Code(Input):
    """A code of the second factor."""

    totp: str = Field(min_length=6, max_length=8)


def _shown(account: Account) -> dict[str, object]:
    return {
        "staff_id": str(account.staff_id),
        "network_id": account.network_id,
        "display_name": account.display_name,
        "roles": list(account.roles),
        "branch_ids": [str(one) for one in account.branch_ids],
        "practitioner_id": str(account.practitioner_id) if account.practitioner_id else None,
        "practitioner_ids": [str(one) for one in account.practitioner_ids],
        "actions": [action for action in ACTIONS if allowed(account.roles, action)],
    }


@router.post("/api/v1/sessions", status_code=201)
async def log_in(body: Credentials, request: Request, parts: PartsHere) -> Response:
    """A session: a token for programs, and the same as a cookie for browsers. 15 idle minutes end it."""
    check_same_site(request)
    now = parts.clock.now()
    logged_in = await accounts.log_in(
        parts.database,
        parts.secrets.session_key,
        email=body.email,
        password=body.password,
        totp=body.totp,
        address=request.client.host if request.client else "",
        now=now,
    )
    account = logged_in.account
    to_be_audited(
        request,
        network_id=account.network_id,
        actor=f"staff:{account.staff_id}",
        action="sessions.create",
        purpose="staff",
    )
    shown = {
        "token": logged_in.token,
        "expires_at": (now + LONGEST).isoformat(),
        "idle_seconds": int(IDLE.total_seconds()),
        "staff": _shown(account),
    }
    response = json_answer(orjson.dumps(shown), 201)
    response.set_cookie(
        COOKIE,
        logged_in.token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_https(parts),
    )
    return response


@router.get("/api/v1/sessions/current")
async def current(parts: PartsHere, principal: Own) -> Response:
    """Who is logged in, and what they may do."""
    shown = {
        "staff_id": str(principal.staff_id) if principal.staff_id else None,
        "network_id": principal.network_id,
        "display_name": principal.display_name,
        "roles": list(principal.roles),
        "branch_ids": list(principal.branch_ids),
        "practitioner_id": str(principal.practitioner_id) if principal.practitioner_id else None,
        "practitioner_ids": [str(one) for one in principal.practitioners if one != principal.practitioner_id],
        "actions": [action for action in ACTIONS if allowed(principal.roles, action)],
    }
    return json_answer(orjson.dumps({"staff": shown, "now": parts.clock.now().isoformat()}))


@router.delete("/api/v1/sessions/current", status_code=204)
async def log_out(parts: PartsHere, principal: Own) -> Response:
    """The token opens nothing any more."""
    await accounts.log_out(parts.database, principal.network_id, principal.token_hash)
    parts.principals.forget(principal.token_hash)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_https(parts))
    return response


@router.post("/api/v1/sessions/current/totp", status_code=201)
async def begin_totp(parts: PartsHere, principal: Own) -> Response:
    """A second factor for one's own account; it counts once a code of it was shown to `…/totp/confirm`."""
    if principal.staff_id is None:
        raise NotAllowed("Machines have no second factor")
    address = await accounts.begin_totp(
        parts.database, parts.secrets.session_key, principal.network_id, principal.staff_id
    )
    return json_answer(orjson.dumps({"otpauth": address}), 201)


@router.post("/api/v1/sessions/current/totp/confirm", status_code=204)
async def confirm_totp(body: Code, parts: PartsHere, principal: Own) -> Response:
    """From now on the account asks for a code."""
    if principal.staff_id is None:
        raise NotAllowed("Machines have no second factor")
    await accounts.confirm_totp(
        parts.database, parts.secrets.session_key, principal.network_id, principal.staff_id, body.totp
    )
    return Response(status_code=204)


def _https(parts: Parts) -> bool:
    return urlsplit(parts.public_url).scheme == "https"
