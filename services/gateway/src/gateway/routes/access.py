"""How a route knows who is asking, what they may, which ids to use, and that the audit log hears of it."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from common import telemetry
from common.caller import Caller
from common.contracts.messages import Message
from common.contracts.messages import Request as Asked
from common.errors import NotAllowed, Refused, Unavailable
from gateway.handlers import Parts
from gateway.operations import idempotency
from gateway.queries.principals import Principal
from gateway.rules.accounts import NotAuthenticated
from gateway.rules.audit import Entry
from gateway.rules.minted import Minted
from gateway.rules.permissions import Action, allowed

Reply = TypeVar("Reply", bound=Message)

COOKIE = "vinculo_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KEY_LENGTH = 200


class Input(BaseModel):
    """A body: whatever is not named in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CrossSite(Refused):
    """A browser sent a cookie on behalf of another site."""

    code = "cross-site"


class MalformedKey(Refused):
    """An Idempotency-Key is 1 to 200 visible characters."""

    code = "malformed"


@dataclass
class Record:
    """What the audit log will hear of this request."""

    network_id: str
    actor: str
    action: str
    purpose: str
    subjects: dict[str, str] = field(default_factory=dict)


class AuditedRoute(APIRoute):
    """Its answer is sent only after the audit log has the entry that the request asked for, refusals included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def audited(request: Request) -> Response:
            outcome = "ok"
            try:
                response = await answer(request)
            except Refused as refusal:
                outcome = refusal.refusal
                raise
            except Unavailable:
                outcome = "unavailable"
                raise
            except RequestValidationError:
                outcome = "malformed"
                raise
            except Exception:
                outcome = "failed"
                raise
            finally:
                await _write(request, outcome)
            return response

        return audited


async def _write(request: Request, outcome: str) -> None:
    record: Record | None = getattr(request.state, "record", None)
    if record is None:
        return
    parts = parts_of(request)
    await parts.audit.write(
        Entry(
            network_id=record.network_id,
            actor=record.actor,
            action=record.action,
            at=parts.clock.now(),
            outcome=outcome,
            purpose=record.purpose,
            trace=telemetry.trace_id(),
            subjects=record.subjects,
        )
    )


def to_be_audited(
    request: Request, *, network_id: str, actor: str, action: str, purpose: str, **subjects: object
) -> None:
    """This request belongs into the audit log, however it ends."""
    request.state.record = Record(network_id, actor, action, purpose)
    about(request, **subjects)


def about(request: Request, **subjects: object) -> None:
    """Whom or what the request is about, as far as it is known by now (ids only)."""
    record: Record | None = getattr(request.state, "record", None)
    if record is not None:
        record.subjects.update({name: str(value) for name, value in subjects.items() if value is not None})


def parts_of(request: Request) -> Parts:
    """The gateway's parts."""
    parts: Parts = request.app.state.parts
    return parts


async def _parts(request: Request) -> Parts:
    return parts_of(request)


PartsHere = Annotated[Parts, Depends(_parts)]


# --- who is asking --------------------------------------------------------------------------------------


def token_of(request: Request) -> str:
    """The bearer token, or the session cookie where the request is not another site's doing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("Log in first")
        return token.strip()
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotAuthenticated("Log in first")
    if request.method not in SAFE_METHODS:
        check_same_site(request)
    return cookie


def check_same_site(request: Request) -> None:
    """Browsers say where an unsafe request comes from (`Sec-Fetch-Site`, else `Origin`): from here, or refused.

    Together with SameSite=Lax and JSON bodies, which no form of another site can send.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        same = site in {"same-origin", "none"}
    elif origin is not None:
        ours = {request.headers.get("host", ""), urlsplit(parts_of(request).public_url).netloc}
        same = urlsplit(origin).netloc in ours
    else:
        same = True  # not a browser
    if not same:
        raise CrossSite("This request comes from another site")
    content = request.headers.get("content-type", "")
    if request.headers.get("content-length", "0") != "0" and not content.startswith("application/json"):
        raise CrossSite("With a session cookie, bodies are JSON")


def may(action: Action) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: somebody who may do this; the audit log hears of it either way."""

    async def check(request: Request) -> Principal:
        principal = await parts_of(request).principals.of_token(token_of(request))
        to_be_audited(
            request,
            network_id=principal.network_id,
            actor=principal.actor,
            action=action,
            purpose=principal.purpose,
        )
        if not allowed(principal.roles, action):
            raise NotAllowed("Your role does not permit this")
        return principal

    return check


# --- ids ------------------------------------------------------------------------------------------------

IdempotencyKey = Annotated[
    str | None,
    Header(description="The same key with the same body is the same request, and answers the same."),
]


async def minted(request: Request, principal: Principal | Caller, key: str | None) -> Minted:
    """The ids of this request, by its `Idempotency-Key` where it has one."""
    if key is not None and not (0 < len(key) <= KEY_LENGTH and key.isprintable() and key.isascii()):
        raise MalformedKey(f"An Idempotency-Key is 1 to {KEY_LENGTH} visible characters")
    parts = parts_of(request)
    route: str = request.scope["route"].path
    return await idempotency.mint(
        parts.database,
        parts.secrets.session_key,
        network_id=principal.network_id,
        principal=principal.actor,
        route=f"{request.method} {route}",
        key=key,
        content=request.url.path.encode() + b"\n" + (await request.body() if key is not None else b""),
    )


async def carry_out(parts: Parts, command: Asked[Reply], caller: Caller) -> Reply:
    """Send a command to its owner, with the time a command may take."""
    return await parts.asks.ask(command, caller=caller, timeout=parts.command_seconds)


# --- answers --------------------------------------------------------------------------------------------


def answer(value: Message | BaseModel, status: int = 200, **headers: str) -> Response:
    """A value as JSON."""
    return Response(value.model_dump_json(), status, headers or None, "application/json")


def json_answer(value: bytes, status: int = 200) -> Response:
    """What is JSON already."""
    return Response(value, status, None, "application/json")


def as_uuid(text: str) -> UUID | None:
    """A UUID, or None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
