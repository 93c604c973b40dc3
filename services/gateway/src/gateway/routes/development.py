"""The development clock: moves the time of all services. These routes exist in development only."""

from datetime import timedelta
from typing import Any

import nats.errors
import orjson
from fastapi import APIRouter, Response
from pydantic import model_validator

from common.errors import Refused, Unavailable
from gateway.handlers import Parts
from gateway.routes.access import Input, PartsHere, json_answer
from gateway.routes.instants import Instant

router = APIRouter(tags=["development"])
GET_SECONDS = 10.0
"""A developer's machine does much else beside keeping the time."""


class ClockMoved(Refused):
    """The keeper's own refusal: `clock-backward`, `not-settled`."""


class Move(Input):
    """Where to: an instant, or a duration after ISO 8601."""

    now: Instant | None = None
    advance: timedelta | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Move":
        if (self.now is None) is (self.advance is None):
            raise ValueError("give either now or advance")
        return self


@router.get("/dev/clock")
async def look(parts: PartsHere) -> Response:
    """What time it is for all services, and whether it stands still."""
    return json_answer(orjson.dumps(await _ask(parts, "dev.clock.get", {}, GET_SECONDS)))


@router.post("/dev/clock")
async def move(body: Move, parts: PartsHere) -> Response:
    """Move on through every due instant; returns when everything has settled."""
    wanted = body.model_dump(mode="json", exclude_none=True)
    answer = await _ask(parts, "dev.clock.advance", wanted, parts.clock_seconds)
    error = answer.get("error")
    if error == "clock-backward":
        raise ClockMoved("The clock goes forward only", code=error)
    if error == "not-settled":
        waiting = answer.get("waiting_for", [])
        names = ", ".join(str(one.get("name")) for one in waiting)
        raise ClockMoved(f"Not settled: {names}", code=error, waiting_for=waiting)
    if error is not None:
        raise ClockMoved("This is no instant and no duration", code="malformed")
    return json_answer(orjson.dumps(answer))


async def _ask(parts: Parts, subject: str, question: dict[str, Any], seconds: float) -> dict[str, Any]:
    client = await parts.bus.client()
    try:
        reply = await client.request(subject, orjson.dumps(question), timeout=seconds)
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise Unavailable("clock", "nobody keeps it") from error
    answer: dict[str, Any] = orjson.loads(reply.data)
    return answer
