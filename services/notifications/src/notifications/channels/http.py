"""What HTTP providers have in common: a pooled client, and what its failures mean."""

from collections.abc import Awaitable, Callable

import httpx

from notifications.channels.protocol import NotReached, Outcome, TooMany, Unsure

TIMEOUT = httpx.Timeout(8.0, connect=2.0, pool=20.0)


def client(*, connections: int = 32) -> httpx.AsyncClient:
    """Keeps connections alive; the environment's proxies are not for providers."""
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        trust_env=False,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
    )


async def call(
    request: Callable[[], Awaitable[httpx.Response]], read: Callable[[httpx.Response], Outcome]
) -> Outcome:
    """The outcome of one call. Only a connection that never stood is certain not to have got there."""
    try:
        answer = await request()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return NotReached()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, it may have left, and the others' answers count
        return Unsure(type(error).__name__)
    if answer.status_code == 429:
        return TooMany(_seconds(answer.headers.get("Retry-After")))
    if answer.status_code >= 500:
        return Unsure(f"http-{answer.status_code}")
    try:
        return read(answer)
    except (ValueError, KeyError, IndexError, TypeError):
        return Unsure("unreadable-answer")


def _seconds(header: str | None) -> float | None:
    try:
        return min(float(header), 3600.0) if header else None
    except ValueError:
        return None
