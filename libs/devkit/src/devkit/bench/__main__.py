"""`python -m devkit.bench [--growth | --sending] [--json]`: a system of its own, a table (or JSON)."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine

from devkit.bench import asking, bookings, desk, growth, sending, slots
from devkit.bench.results import Result, as_json, table
from devkit.bench.stage import staged
from devkit.errors import CannotStart

LONGEST_SECONDS = 240
GROWTH_SECONDS = 600
SENDING_SECONDS = 900


async def _measure() -> list[Result]:
    async with asyncio.timeout(LONGEST_SECONDS), staged() as stage:
        # Bookings first: the searches, and those for other times, then find days that are partly taken.
        return [
            *await asking.measure(stage),
            *await bookings.measure(stage),
            *await slots.measure(stage),
            *await desk.measure(stage),
        ]


async def _measure_growth() -> list[Result]:
    async with asyncio.timeout(GROWTH_SECONDS), staged() as stage:
        return await growth.measure(stage)


async def _measure_sending() -> list[Result]:
    async with asyncio.timeout(SENDING_SECONDS):
        return await sending.measure()


def _wanted(arguments: list[str]) -> Callable[[], Coroutine[None, None, list[Result]]]:
    if "--growth" in arguments:
        return _measure_growth
    return _measure_sending if "--sending" in arguments else _measure


def main(arguments: list[str]) -> None:
    """Print what was measured."""
    try:
        results = asyncio.run(_wanted(arguments)())
    except CannotStart as error:
        sys.exit(f"vinculo: {error}")
    print(as_json(results) if "--json" in arguments else table(results))
    load = os.getloadavg()[0]
    if "--json" not in arguments and load > (os.cpu_count() or 1) * 2:
        print(f"(this machine is busy with other work, load {load:.1f}: compare the shares, not the numbers)")


if __name__ == "__main__":
    main(sys.argv[1:])
