"""`python -m devkit.bench [--growth] [--json]`: a system of its own, three minutes at most, a table (or JSON)."""

import asyncio
import os
import sys

from devkit.bench import asking, bookings, growth, slots
from devkit.bench.results import Result, as_json, table
from devkit.bench.stage import staged
from devkit.errors import CannotStart

LONGEST_SECONDS = 175
GROWTH_SECONDS = 600


async def _measure() -> list[Result]:
    async with asyncio.timeout(LONGEST_SECONDS), staged() as stage:
        # Bookings first: the searches then find days that are partly taken.
        return [*await asking.measure(stage), *await bookings.measure(stage), *await slots.measure(stage)]


async def _measure_growth() -> list[Result]:
    async with asyncio.timeout(GROWTH_SECONDS), staged() as stage:
        return await growth.measure(stage)


def main(arguments: list[str]) -> None:
    """Print what was measured."""
    try:
        results = asyncio.run(_measure_growth() if "--growth" in arguments else _measure())
    except CannotStart as error:
        sys.exit(f"vinculo: {error}")
    print(as_json(results) if "--json" in arguments else table(results))
    load = os.getloadavg()[0]
    if "--json" not in arguments and load > (os.cpu_count() or 1) * 2:
        print(f"(this machine is busy with other work, load {load:.1f}: compare the shares, not the numbers)")


if __name__ == "__main__":
    main(sys.argv[1:])
