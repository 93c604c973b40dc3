"""procrastinate doing as many jobs that do nothing: `python -m devkit.bench.sending.peer <url> <jobs> <seconds>`.

It prints how many it did in a second, from the first to the last within the time it is given; it has the same server,
and a database of its own. `requirements/bench.txt` brings it.
"""

import asyncio
import contextlib
import sys
import time

import procrastinate
from procrastinate.types import JSONDict

AT_ONCE = 32
BATCH = 5_000


async def _measured(url: str, jobs: int, seconds: float) -> float:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=16))
    instants: list[float] = []

    @app.task(name="nothing")
    async def nothing(number: int) -> None:
        del number
        instants.append(time.perf_counter())

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, jobs, BATCH):
            numbers: list[JSONDict] = [{"number": start + each} for each in range(BATCH)]
            await nothing.batch_defer_async(*numbers)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await app.run_worker_async(
                    concurrency=AT_ONCE, wait=False, install_signal_handlers=False, delete_jobs="never"
                )
    return (len(instants) - 1) / (instants[-1] - instants[0])


def main() -> None:
    """Say it."""
    url, jobs, seconds = sys.argv[1:]
    print(asyncio.run(_measured(url, int(jobs), float(seconds))))


if __name__ == "__main__":
    main()
