"""Waiting for a while."""

import asyncio
import contextlib


async def rung(event: asyncio.Event, *, within: float | None) -> bool:
    """Whether it is set before so many seconds have gone by; with None it is waited for until it is.

    `asyncio.wait_for` is no way to wait for it (and banned): where the wake-up and a cancellation come together, that
    of Python 3.11 forgets the cancellation, and whoever was told to stop goes on for ever.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()
