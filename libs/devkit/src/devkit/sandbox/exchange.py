"""What the endpoints do alike: answer in JSON, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import JSONResponse

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.faults import Fault


class Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


async def hang(request: Request, *, within: float) -> None:
    """Say nothing until the client has gone away, or that long."""
    try:
        async with asyncio.timeout(within):
            while (await request.receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return


@asynccontextmanager
async def answering(
    carrier: Carrier,
    request: Request,
    to: tuple[str, str, str],
    *,
    refuse: Callable[[Fault], Exception],
    hang_seconds: float,
) -> AsyncIterator[None]:
    """A message is accepted inside, as far as the answer faults in force allow.

    `to` is its channel, its address and its account; `refuse` puts a fault into the provider's own words.
    """
    fault = carrier.faults.answer_fault(*to)
    kind = fault.kind if fault else None
    if fault:
        carrier.metrics.struck.labels(to[0], fault.kind).inc()
        if kind == "timeout_before":
            await hang(request, within=hang_seconds)
        if kind != "timeout_after":
            raise refuse(fault)
    yield
    if kind == "timeout_after":
        await hang(request, within=hang_seconds)


def retry_after(fault: Fault) -> dict[str, str]:
    """The header that goes with a limit, where the fault says how long."""
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
