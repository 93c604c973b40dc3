"""What the gateway does in the background: it forgets what nobody needs any more."""

import asyncio
from datetime import timedelta

from common import telemetry
from common.clock import wall
from common.database import Database
from common.errors import Unavailable
from common.waiting import rung
from gateway import tables
from gateway.rules.accounts import FAILURE_WINDOW

KEYS_KEPT = timedelta(days=7)
EVERY_SECONDS = 600.0


class Forgetting:
    """Idempotency keys after a week and failed log-ins after their window, by wall time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = asyncio.Event()
        self.in_flight = 0
        self.done = 0

    def stop(self) -> None:
        """At once."""
        self._stopping.set()

    async def run(self) -> None:
        """Every ten minutes."""
        while not self._stopping.is_set():
            try:
                await self.step()
            except Unavailable as error:
                telemetry.log().warning("forgetting waits", who=error.who)
            await rung(self._stopping, within=EVERY_SECONDS)

    async def step(self) -> None:
        """Forget once, in all networks."""
        async with self._database.claiming() as tx:
            await tx.execute(tables.FORGET_KEYS, {"before": wall() - KEYS_KEPT})
        async with self._database.unscoped() as tx:
            await tx.execute(tables.FORGET_FAILURES, {"before": wall() - FAILURE_WINDOW})
