"""What HTTP providers have in common: a pooled client, and what its failures mean."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from notifications.channels.protocol import Leaving, Letter, NotReached, Outcome, TooMany, Unsure

TIMEOUT = httpx.Timeout(8.0, connect=2.0)
KEPT_ALIVE = 32
CLOCKS_DIFFER = timedelta(minutes=5)
"""What a provider says has happened this long before may have happened after."""
LONGEST_PAUSE = 3600.0
"""Seconds; whoever asks for more is tried again after this long."""


def client() -> httpx.AsyncClient:
    """Keeps connections alive; the environment's proxies are not for providers.

    Each channel has one of its own, and as many connections as there are calls: how many those are is bounded by whoever
    makes them, lane by lane, and nobody's calls wait for the connections of others.
    """
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        trust_env=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=KEPT_ALIVE),
    )


def referring(letter: Letter) -> dict[str, str]:
    """Our reference for whoever keeps requests, where the provider has no field for it."""
    return {"X-Vinculo-Reference": letter.reference}


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the provider wants to be left alone, by its header."""
    header = answer.headers.get("Retry-After")
    return float(header) if header else None


@dataclass
class _LastLook:
    """Hears of every stage of a request: the connection stands, and the first byte is about to leave."""

    leaving: Leaving
    stopped: Exception | None = None

    async def __call__(self, stage: str, about: object) -> None:
        del about
        if stage != "http11.send_request_headers.started":
            return
        try:
            await self.leaving()
        except Exception as error:
            self.stopped = error
            raise


async def post(
    client: httpx.AsyncClient,
    url: str,
    read: Callable[[httpx.Response], Outcome],
    leaving: Leaving,
    *,
    retry_after: Callable[[httpx.Response], float | None] = retry_after,
    **request: Any,
) -> Outcome:
    """The outcome of one call. Only a connection that never stood is certain not to have got there."""
    look = _LastLook(leaving)
    try:
        answer = await client.post(url, extensions={"trace": look}, **request)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return NotReached()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, it may have left, and the others' answers count
        if look.stopped is not None:
            raise look.stopped from None
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
