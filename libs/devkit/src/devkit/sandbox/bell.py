"""Waking whoever waits for a change."""

import asyncio


class Bell:
    """Everyone who waits when it rings goes on; there is nothing to reset."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def heard(self, within: float | None = None) -> bool:
        """Whether it rang within so many seconds of wall time."""
        try:
            async with asyncio.timeout(within):
                await self._rung.wait()
        except TimeoutError:
            return False
        return True
