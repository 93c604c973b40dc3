"""procrastinate on the same server in the same run, if it can be had: jobs that do nothing, and jobs that send."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from typing import Literal

from devkit.bench.sending import table
from devkit.bench.sending.servers import Servers
from devkit.embedded.child import launched

PEER = "procrastinate"
SECONDS = 20
SENT = 5_000
"""Jobs that send: more than it does in its time."""


async def doing_nothing(servers: Servers, jobs: int) -> float | None:
    """Jobs in a second; None where procrastinate or its driver is not installed."""
    return await _measured(servers, "nothing", map(str, range(jobs)))


async def doing_the_same(servers: Servers) -> float | None:
    """Messages in a second, each by a job of its own that does what a batch of ours does; None as above."""
    async with servers.connected() as connection:
        await table.due(connection, SENT, table.sealer(servers))
        await connection.execute("ANALYZE")
        due = await connection.fetch(
            "SELECT message_id::text FROM messages WHERE due_at <= now() AND lane = 1"
        )
    return await _measured(servers, "same", (row["message_id"] for row in due))


async def _measured(servers: Servers, what: Literal["nothing", "same"], jobs: Iterable[str]) -> float | None:
    try:
        import procrastinate  # noqa: F401 - whether it is there
    except ImportError:
        return None
    database = f"{PEER}_{what}"
    async with servers.connected() as connection:
        await connection.execute(f'CREATE DATABASE "{database}"')
    said = await _ran(
        ["-m", "devkit.bench.sending.peer", what, servers.admin_url(database), str(SECONDS)],
        "\n".join(jobs), servers.environment,
    )  # fmt: skip
    return float(said) if said else None


async def _ran(arguments: list[str], told: str, environment: Mapping[str, str]) -> bytes:
    """What it says; nothing where it fails."""
    process = await asyncio.create_subprocess_exec(
        *launched([sys.executable, *arguments]), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=dict(environment),
    )  # fmt: skip
    said, _ = await process.communicate(told.encode())
    return said if process.returncode == 0 else b""
