"""What the endpoints do alike: answer in JSON, or not at all."""

import asyncio
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import JSONResponse


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
