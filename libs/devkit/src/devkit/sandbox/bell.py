"""Waking whoever waits for a change."""

import asyncio

from common.waiting import rung


class Bell:
    """Everyone who waits when it rings goes on; there is nothing to reset."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def heard(self, within: float | None = None) -> bool:
        """Whether it rang within so many seconds of wall time."""
        return await rung(self._rung, within=within)
