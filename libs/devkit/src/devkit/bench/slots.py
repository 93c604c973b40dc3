"""Searches for free slots, as a booking page makes them, and what they cost the two services that answer."""

import json
import time
from collections.abc import Iterable

from devkit.bench.bookings import fill
from devkit.bench.http import Client, at_once
from devkit.bench.results import Result
from devkit.bench.stage import DAYS, NETWORK, Stage

SMALL, LARGE = 600, 40
"""Searches of a day, and of a month."""
SMALL_CLIENTS, LARGE_CLIENTS = 16, 4
BOOKED = 0.6
OK = 200


async def measure(stage: Stage) -> list[Result]:
    """One practitioner's day, and ten practitioners' month in one call, with 60 % of the slots taken."""
    await fill(stage, BOOKED)
    path = f"/api/v1/networks/{NETWORK}/slots?service_id={stage.service_id}&from="
    day = [
        f"{path}{stage.first_day.date()}&days=1&practitioner_id={practitioner}"
        for practitioner in stage.practitioners
    ]
    month = [f"{path}{stage.first_day.date()}&days={DAYS}"]
    return [
        *await _search(stage, "slots, 1 practitioner × 1 day", day, SMALL, SMALL_CLIENTS),
        *await _search(stage, "slots, 10 practitioners × 30 days", month, LARGE, LARGE_CLIENTS),
    ]


async def _search(stage: Stage, what: str, paths: list[str], count: int, clients: int) -> list[Result]:
    found, alone = 0, []

    async def ask(client: Client, path: bytes) -> None:
        nonlocal found
        status, body = await client.ask("GET", path.decode())
        if status != OK:
            raise RuntimeError(f"a search was answered by {status}: {body.decode(errors='replace')}")
        found = max(found, body.count(b'"starts_at"'))

    async with Client(stage.running.gateway_url) as client:
        for number in range(10):
            started = time.perf_counter()
            await ask(client, paths[number % len(paths)].encode())
            alone.append(time.perf_counter() - started)
    before, started = stage.cpu_seconds("gateway", "booking"), time.perf_counter()
    work: Iterable[bytes] = (paths[number % len(paths)].encode() for number in range(count))
    await at_once(clients, stage.running.gateway_url, work, ask)
    rate = count / (time.perf_counter() - started)
    spent = (stage.cpu_seconds("gateway", "booking") - before) / count
    notes = json.dumps({"free": found}).strip("{}").replace('"', "")
    return [
        Result(
            f"{what}, {clients} clients", rate, "per second",
            notes=f"alone {sorted(alone)[len(alone) // 2] * 1000:.1f} ms, {spent * 1000:.2f} ms CPU of gateway and"
            f" booking each, {notes}",
        )
    ]  # fmt: skip
