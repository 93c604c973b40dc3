"""Live updates as server-sent events: ids only; who missed some loads everything again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import StreamingResponse

from common.errors import Refused, Unavailable
from gateway.handlers import Parts
from gateway.queries.principals import Principal
from gateway.routes.access import AuditedRoute, PartsHere, may, token_of

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Listener = Annotated[Principal, Depends(may("events.listen"))]

LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0


@router.get("/api/v1/events")
async def events(request: Request, parts: PartsHere, principal: Listener) -> StreamingResponse:
    """What happens in the network from now on. After a reconnect, load everything again."""
    stream = _stream(request, parts, principal, token_of(request))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(request: Request, parts: Parts, principal: Principal, token: str) -> AsyncIterator[bytes]:
    queue = await parts.live.watch(principal.network_id)
    try:
        yield _line({"event": "hello"})
        quiet = 0.0
        while not request.app.state.running.leaving:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    told = await queue.get()
            except TimeoutError:
                quiet += LOOK_SECONDS
                if quiet >= HEARTBEAT_SECONDS:
                    quiet = 0.0
                    if not await _still_valid(parts, token):
                        yield _line({"event": "session-over"})
                        return
                    yield b": still here\n\n"
                continue
            if _concerns(principal, told):
                yield _line(told)
    finally:
        await parts.live.leave(principal.network_id, queue)


async def _still_valid(parts: Parts, token: str) -> bool:
    """An open stream is no use of a session: it ends with it."""
    try:
        await parts.principals.of_token(token, used=False)
    except Refused:
        return False
    except Unavailable:
        return True
    return True


def _concerns(principal: Principal, told: dict[str, Any]) -> bool:
    branch, practitioner = told.get("branch_id"), told.get("practitioner_id")
    if (
        principal.bound_to is not None
        and practitioner is not None
        and UUID(practitioner) not in principal.bound_to
    ):
        return False
    return not principal.branch_ids or branch is None or branch in principal.branch_ids


def _line(told: dict[str, Any]) -> bytes:
    return b"event: " + str(told["event"]).encode() + b"\ndata: " + orjson.dumps(told) + b"\n\n"
