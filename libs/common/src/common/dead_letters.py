"""Dead letters of one service: `python -m common.dead_letters SERVICE list|replay [EVENT_ID…]`.

They stand in the service's own database; a replay is asked for there, and the service applies it within seconds.
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine


@dataclass(frozen=True)
class DeadLetter:
    """An event that a reader gave up on."""

    event_id: UUID
    durable: str
    network_id: str
    subject: str
    error: str
    attempts: int
    died_at: datetime
    replayed_at: datetime | None


async def listed(database_url: str, *, all_of_them: bool = False) -> list[DeadLetter]:
    """Those not replayed yet, oldest first."""
    engine = create_async_engine(database_url)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(_LIST, {"all": all_of_them})
            return [DeadLetter(**row) for row in rows.mappings()]
    finally:
        await engine.dispose()


async def replay(database_url: str, event_ids: list[UUID] | None = None) -> int:
    """Ask for these (or all) to be applied again; returns how many were marked."""
    engine = create_async_engine(database_url)
    try:
        async with engine.begin() as connection:
            marked = await connection.execute(_REPLAY, {"all": not event_ids, "ids": event_ids or []})
            return marked.rowcount
    finally:
        await engine.dispose()


_LIST = sa.text(
    "SELECT event_id, durable, network_id, subject, error, attempts, died_at, replayed_at FROM dead_letters"
    " WHERE replayed_at IS NULL OR CAST(:all AS boolean) ORDER BY died_at"
)
_REPLAY = sa.text(
    "UPDATE dead_letters SET replay_requested_at = now() WHERE replayed_at IS NULL"
    " AND (CAST(:all AS boolean) OR event_id = ANY(CAST(:ids AS uuid[])))"
)


def main(arguments: list[str]) -> None:
    """The command line; the URL comes from `<SERVICE>_DATABASE_URL`."""
    service, action, *ids = arguments
    url = os.environ[f"{service.upper()}_DATABASE_URL"]
    if action == "list":
        for letter in asyncio.run(listed(url)):
            sys.stdout.write(
                f"{letter.died_at.isoformat()} {letter.durable} {letter.event_id} {letter.subject} {letter.error}\n"
            )
    elif action == "replay":
        marked = asyncio.run(replay(url, [UUID(one) for one in ids] or None))
        sys.stdout.write(f"{marked} asked for again\n")
    else:
        raise SystemExit(f"unknown action: {action}")


if __name__ == "__main__":
    main(sys.argv[1:])
