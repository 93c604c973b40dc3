"""procrastinate at work: `python -m devkit.bench.sending.peer nothing|same <url> <seconds>`.

Each line of its standard input becomes a job: one that does nothing, or one that sends the message of this id by what
notifications itself does for a batch. It prints how many were done in a second, from the first to the last within the
time it is given; it has the same server, and a database of its own. `requirements/bench.txt` brings it.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

import procrastinate
import uvloop
from procrastinate.types import JSONDict

from common import service
from devkit.bench.sending import planning
from devkit.bench.sending.owners import NETWORK
from notifications import packs
from notifications.operations.sending import send_due
from notifications.settings import Settings

AT_ONCE = 32
BATCH = 5_000

Work = Callable[[str], Awaitable[None]]


@contextlib.asynccontextmanager
async def _nothing() -> AsyncIterator[Work]:
    async def work(about: str) -> None:
        del about

    yield work


@contextlib.asynccontextmanager
async def _same() -> AsyncIterator[Work]:
    """What a queue of jobs leaves to whoever writes them: a job for each message, decided and recorded by itself."""
    packs.read_all()
    parts, close = await planning.connected(Settings())

    async def work(about: str) -> None:
        await send_due(parts, NETWORK, [UUID(about)])

    try:
        yield work
    finally:
        await close()


async def _measured(working: contextlib.AbstractAsyncContextManager[Work], url: str, seconds: float) -> float:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=16))
    instants: list[float] = []
    async with working as work, app.open_async():

        @app.task(name="work")
        async def task(about: str) -> None:
            await work(about)
            instants.append(time.perf_counter())

        await app.schema_manager.apply_schema_async()
        lines = sys.stdin.read().split()
        for start in range(0, len(lines), BATCH):
            jobs: Sequence[JSONDict] = [{"about": line} for line in lines[start : start + BATCH]]
            await task.batch_defer_async(*jobs)
        await app.connector.execute_query_async("ANALYZE")
        service.collect_seldom()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await app.run_worker_async(
                    concurrency=AT_ONCE, wait=False, install_signal_handlers=False, delete_jobs="never"
                )
    return (len(instants) - 1) / (instants[-1] - instants[0])


def main() -> None:
    """Say it."""
    what, url, seconds = sys.argv[1:]
    working = {"nothing": _nothing, "same": _same}[what]()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(_measured(working, url, float(seconds))))


if __name__ == "__main__":
    main()
