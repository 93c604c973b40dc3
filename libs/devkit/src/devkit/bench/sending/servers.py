"""Servers of its own: notifications' real database and NATS, and nobody else's processes beside the measurement."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from common.caller import Verifier
from devkit import databases
from devkit.embedded import Infrastructure, infrastructure
from devkit.embedded.ports import free
from devkit.home import SERVICES, Home
from devkit.processes import Ports, service_processes
from devkit.supervisor import Supervisor

SERVICE = "notifications"


@dataclass(frozen=True)
class Servers:
    """Where they are, and what a notifications process is told by its environment."""

    infrastructure: Infrastructure
    environment: Mapping[str, str]
    verifier: Verifier

    @asynccontextmanager
    async def connected(self, database: str = SERVICE) -> AsyncIterator[asyncpg.Connection]:
        """As a superuser, for the length of the block."""
        connection = await asyncpg.connect(self.admin_url(database))
        try:
            yield connection
        finally:
            await connection.close()

    def admin_url(self, database: str) -> str:
        """A superuser's way into one database of the server."""
        return self.infrastructure.admin_url.rpartition("/")[0] + f"/{database}"


@asynccontextmanager
async def served() -> AsyncIterator[Servers]:
    """Start them, migrated and empty, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="vinculo-bench-sending-") as folder:
        home = Home(Path(folder) / "home")
        with home.locked():
            servers, supervisor = infrastructure(home), Supervisor()
            gateway, sandbox = free(2)
            ports = Ports.drawn(gateway=gateway, sandbox=sandbox)
            try:
                await supervisor.start(servers.programs)
                await databases.make(home, servers)
                process = next(one for one in service_processes(home, servers, ports) if one.name == SERVICE)
                # The wall's own time: nobody is here to keep a clock of development.
                environment = {**process.environment(), "VINCULO_ENV": "production"}
                verifier = Verifier({name: home.secrets.public_key(name) for name in SERVICES})
                yield Servers(servers, environment, verifier)
            finally:
                await supervisor.stop()
