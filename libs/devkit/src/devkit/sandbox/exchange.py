"""What the provider endpoints do alike with a request."""

import asyncio

from fastapi import Request


async def hang(request: Request, *, within: float) -> None:
    """Say nothing until the client has gone away, or that long."""
    try:
        async with asyncio.timeout(within):
            while (await request.receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return
