"""Where the promises are checked: the databases as the server's owner, the streams, the ledger's file."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import nats
import nats.errors
import orjson
from nats.aio.client import Client

from common.clock import wall
from devkit.home import SERVICES, Home

WINDOW_DAYS = 7.0
"""The replay window of outboxes and streams, in wall time."""


@dataclass(frozen=True)
class Targets:
    """What to connect to. `databases` are a superuser's URLs by service: row-level security hides nothing from it."""

    databases: Mapping[str, str]
    nats_url: str
    ledger: Path
    window_days: float = WINDOW_DAYS

    @classmethod
    def of(cls, home: Home) -> "Targets":
        """Of a running home."""
        running = home.running()
        server = urlsplit(running.admin_url.replace("postgresql+asyncpg://", "postgresql://"))
        return cls(
            databases={service: urlunsplit(server._replace(path=f"/{service}")) for service in SERVICES},
            nats_url=running.nats_url,
            ledger=Path(running.ledger),
        )


@dataclass(frozen=True)
class Sources:
    """Connected. `now` is the movable clock's, for what is clinical; windows and leases go by the wall."""

    databases: Mapping[str, Any]
    bus: Client
    now: datetime
    window: timedelta

    async def rows(self, service: str, query: str, *values: object) -> list[Any]:
        """From one service's database."""
        found: list[Any] = await self.databases[service].fetch(query, *values)
        return found

    async def number(self, service: str, query: str, *values: object) -> int:
        """One number from one service's database."""
        return int(await self.databases[service].fetchval(query, *values))

    @asynccontextmanager
    async def at_one_moment(self, service: str) -> AsyncIterator[None]:
        """What is read in the block belongs together, though the service works on meanwhile."""
        async with self.databases[service].transaction(isolation="repeatable_read", readonly=True):
            yield

    @property
    def kept_since(self) -> datetime:
        """Nothing younger than this can have been pruned; an hour of grace on both sides."""
        return wall() - self.window + timedelta(hours=1)


@asynccontextmanager
async def opened(targets: Targets) -> AsyncIterator[Sources]:
    """Connect to everything for the length of the block."""
    bus = await nats.connect(targets.nats_url, max_reconnect_attempts=3, connect_timeout=5)
    databases: dict[str, Any] = {}
    try:
        for service, url in targets.databases.items():
            databases[service] = await asyncpg.connect(url)
        yield Sources(databases, bus, await _now(bus), timedelta(days=targets.window_days))
    finally:
        for connection in databases.values():
            await connection.close()
        await bus.close()


async def _now(bus: Client) -> datetime:
    try:
        reply = await bus.request("dev.clock.get", b"", timeout=2)
    except (nats.errors.Error, TimeoutError):
        return wall()
    return datetime.fromisoformat(orjson.loads(reply.data)["now"]).astimezone(UTC)
