"""What HTTP providers have in common: a pooled client, and what its failures mean."""

from collections.abc import Awaitable, Callable

import httpx

from notifications.channels.protocol import Letter, NotReached, Outcome, TooMany, Unsure

TIMEOUT = httpx.Timeout(8.0, connect=2.0, pool=20.0)
LONGEST_PAUSE = 3600.0
"""Seconds; whoever asks for more is tried again after this long."""


def client(*, connections: int = 32) -> httpx.AsyncClient:
    """Keeps connections alive; the environment's proxies are not for providers."""
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        trust_env=False,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
    )


def referring(letter: Letter) -> dict[str, str]:
    """Our reference for whoever keeps requests, where the provider has no field for it."""
    return {"X-Vinculo-Reference": letter.reference}


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the provider wants to be left alone, by its header."""
    header = answer.headers.get("Retry-After")
    return float(header) if header else None


async def call(
    request: Callable[[], Awaitable[httpx.Response]],
    read: Callable[[httpx.Response], Outcome],
    *,
    retry_after: Callable[[httpx.Response], float | None] = retry_after,
) -> Outcome:
    """The outcome of one call. Only a connection that never stood is certain not to have got there."""
    try:
        answer = await request()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return NotReached()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, it may have left, and the others' answers count
        return Unsure(type(error).__name__)
    if answer.status_code == 429:
        return TooMany(_pause(answer, retry_after))
    if answer.status_code >= 500:
        return Unsure(f"http-{answer.status_code}")
    try:
        return read(answer)
    except (ValueError, KeyError, IndexError, TypeError):
        return Unsure("unreadable-answer")


def _pause(answer: httpx.Response, told: Callable[[httpx.Response], float | None]) -> float | None:
    try:
        seconds = told(answer)
    except (ValueError, KeyError, TypeError):
        return None
    return None if seconds is None else min(seconds, LONGEST_PAUSE)
