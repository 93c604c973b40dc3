"""Processes that send, and what they say they did."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from common.contracts.notifications import MessageClass
from devkit.bench.sending.servers import Servers
from notifications.tables.messages import LANES

LOOK_AGAIN = 1.0
_WAITING = (
    "SELECT true FROM messages WHERE lane = $1 AND due_at <= now() ORDER BY due_at DESC OFFSET $2 LIMIT 1"
)
"""Looked up in the index of due messages, so that looking takes little from those who are measured."""


@dataclass(frozen=True)
class Report:
    """References and instants of what one process handed over, in order, and its processor seconds."""

    handed: list[tuple[str, float]]
    cpu: float


@dataclass
class Replica:
    """One process at work; `report` is there when it has ended."""

    process: subprocess.Popen[bytes]
    file: Path
    report: Report | None = None

    @classmethod
    async def started(cls, servers: Servers, file: Path) -> "Replica":
        """Return when it is ready."""
        process = await asyncio.to_thread(_launch, servers, file)
        assert process.stdout is not None
        while line := await asyncio.to_thread(process.stdout.readline):
            if line == b"ready\n":
                break
        return cls(process, file)

    async def end(self) -> Report:
        """Let it finish what it has in hand."""
        await asyncio.to_thread(self.process.communicate)
        first, *lines = self.file.read_text().splitlines()
        handed = [(reference, float(at)) for reference, at in (line.split() for line in lines)]
        self.report = Report(handed, float(first.removeprefix("cpu ")))
        return self.report


def _launch(servers: Servers, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "devkit.bench.sending.replica", str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(servers.environment),
    )  # fmt: skip


@asynccontextmanager
async def sending(servers: Servers, folder: Path, name: str) -> AsyncIterator[Replica]:
    """One process for the length of the block."""
    replica = await Replica.started(servers, folder / name)
    try:
        yield replica
        await replica.end()
    finally:
        with contextlib.suppress(ProcessLookupError):
            replica.process.kill()
        await asyncio.to_thread(replica.process.wait)


async def until_none_is_due(
    servers: Servers, message_class: MessageClass = "service", *, left: int = 0
) -> None:
    """Return when no more than so many wait."""
    async with servers.connected() as connection:
        while True:
            if not await connection.fetchval(_WAITING, LANES[message_class], left):
                return
            await asyncio.sleep(LOOK_AGAIN)
