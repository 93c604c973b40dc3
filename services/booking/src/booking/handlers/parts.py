"""What the handlers work with, and the table of what they answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.operations.acting import Acting, settled
from booking.rules.catalogue import Catalogue
from booking.tables.directory import Directories
from common.caller import Caller
from common.clock import Clock
from common.contracts.messages import Command, Message
from common.database import Database
from common.rpc import Answers

Answer = TypeVar("Answer", bound=Message)


@dataclass(frozen=True)
class Parts:
    """What the handlers work with."""

    database: Database
    clock: Clock
    directories: Directories
    moves_limit: int
    overbook_limit: int = 2
    offer_lasts: timedelta = timedelta(hours=1)

    def acting(self, caller: Caller) -> Acting:
        """This caller, acting now."""
        return Acting(
            caller=caller,
            now=self.clock.now(),
            directories=self.directories,
            moves_limit=self.moves_limit,
            overbook_limit=self.overbook_limit,
            offer_lasts=self.offer_lasts,
        )

    @asynccontextmanager
    async def looking(self, caller: Caller) -> AsyncIterator[tuple[AsyncConnection, Catalogue]]:
        """A transaction that only reads the caller's network, with its directory as it is in that moment."""
        async with self.database.reading(caller.network_id) as tx:
            yield tx, await self.directories.current(tx, caller.network_id)

    async def carry_out(
        self,
        operation: Callable[[AsyncConnection, Acting, Any], Awaitable[Answer]],
        command: Command[Answer],
        caller: Caller,
    ) -> Answer:
        """The operation in a transaction of its own, once for each command."""
        acting = self.acting(caller)
        return await settled(
            self.database, command, caller.network_id, lambda tx: operation(tx, acting, command)
        )


answers = Answers[Parts]()
