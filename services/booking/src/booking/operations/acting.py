"""What every operation on appointments needs beside its transaction, and how a contended one is settled."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.tables.directory import Directories
from common.caller import Caller
from common.contracts.messages import Command, Message
from common.database import Database
from common.errors import Unavailable

Answer = TypeVar("Answer", bound=Message)

DEADLOCK = "40P01"
DEADLOCKS = 8
"""How often one command may be the one that PostgreSQL stops."""
OVERLAP = "23P01"
ATTEMPTS = 50
"""How often somebody may be quicker than whoever takes time out of the schedule: once for each slot that is in it."""
PAUSE = 0.02
"""Seconds, and longer each time: those who met do not all come back in the same moment."""


@dataclass(frozen=True)
class Acting:
    """Who acts, when, and by which directory and policy."""

    caller: Caller
    now: datetime
    directories: Directories
    moves_limit: int
    """How often a patient may move one appointment."""
    overbook_limit: int
    """How many visits may share a time on purpose, beside the one of right."""
    offer_lasts: timedelta
    """How long a freed slot is held for somebody of the waitlist."""

    @property
    def network_id(self) -> str:
        """Whose rows are touched."""
        return self.caller.network_id


def state_of(error: DBAPIError) -> str | None:
    """PostgreSQL's code for what went wrong."""
    return getattr(error.orig, "sqlstate", None)


async def settled(
    database: Database,
    command: Command[Answer],
    network_id: str,
    work: Callable[[AsyncConnection], Awaitable[Answer]],
) -> Answer:
    """Carry out a command once; whoever PostgreSQL chose to break a deadlock starts over."""
    for attempt in range(1, DEADLOCKS + 1):
        try:
            return await database.once(command, network_id, work)
        except DBAPIError as error:
            if state_of(error) != DEADLOCK:
                raise
        await asyncio.sleep(PAUSE * attempt * random.random())  # noqa: S311 - nobody's secret
    raise Unavailable("booking", "too many want the same time at once")
