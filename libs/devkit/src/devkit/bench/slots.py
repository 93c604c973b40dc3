"""Searches for free slots, as a booking page makes them."""

import random
from collections.abc import Sequence
from itertools import cycle, islice
from uuid import uuid4

import asyncpg

from devkit.bench.http import Client
from devkit.bench.results import Result, by
from devkit.bench.stage import DAYS, NETWORK, Stage
from devkit.bench.work import Measured, measured

CLIENTS = (1, 16)
BOOKED = 0.6
OK = 200
PEER = "GNU Health 5.0.6"
DAY_OF_PEER, MONTH_OF_PEER = 9.7, 408.0
"""Milliseconds of its processor time for the same question: the best of those that were measured beside us."""
DAY, MONTH = "slots, 1 practitioner × 1 day", "slots, 10 practitioners × 30 days"


async def measure(stage: Stage) -> list[Result]:
    """One practitioner's day, and ten practitioners' month in one call, with 60 % of the slots taken."""
    await fill(stage, BOOKED)
    return [
        *await _searches(stage, DAY, days(stage), (600, 1600), DAY_OF_PEER),
        *await _searches(stage, MONTH, [month(stage)], (30, 80), MONTH_OF_PEER),
    ]


def days(stage: Stage) -> list[bytes]:
    """The first day of each practitioner."""
    return [
        f"{_path(stage)}&days=1&practitioner_id={practitioner}".encode()
        for practitioner in stage.practitioners
    ]


def month(stage: Stage) -> bytes:
    """Everybody's month."""
    return f"{_path(stage)}&days={DAYS}".encode()


def _path(stage: Stage) -> str:
    return f"/api/v1/networks/{NETWORK}/slots?service_id={stage.service_id}&from={stage.first_day.date()}"


async def search(stage: Stage, paths: Sequence[bytes], count: int, clients: int) -> tuple[Measured, float]:
    """What the searches cost, and how many slots one of them found."""
    found = 0

    async def ask(client: Client, path: bytes) -> None:
        nonlocal found
        status, body = await client.ask("GET", path.decode())
        if status != OK:
            raise RuntimeError(f"a search was answered by {status}: {body.decode(errors='replace')}")
        found += body.count(b'"starts_at"')

    done = await measured(stage, clients, list(islice(cycle(paths), count)), ask)
    return done, found / count


async def _searches(
    stage: Stage, what: str, paths: Sequence[bytes], counts: tuple[int, int], peer: float
) -> list[Result]:
    await search(stage, paths, counts[0] // 10, CLIENTS[0])
    results = []
    for clients, count in zip(CLIENTS, counts, strict=True):
        done, found = await search(stage, paths, count, clients)
        results += [
            Result(f"{what}, {by(clients)}", done.rate, "per second", notes=f"{found:,.0f} free"),
            Result(
                f"{what}, {by(clients)}, services' CPU", done.answering, "ms each", peer, PEER,
                f"{done.everything:.2f} ms with PostgreSQL and NATS",
            ),
        ]  # fmt: skip
    return results


async def fill(stage: Stage, share: float) -> None:
    """Take this share of all slots, evenly and always the same ones, by copies of a row that a booking made."""
    async with stage.connected("booking") as booking:
        row = dict(await booking.fetchrow("SELECT * FROM appointments WHERE status = 'booked' LIMIT 1"))
        taken = {
            (one["practitioner_id"], one["starts_at"])
            for one in await booking.fetch("SELECT practitioner_id, starts_at FROM appointments")
        }
        instants = stage.instants()
        free = [one for one in instants if one not in taken]
        chosen = random.Random(1).sample(free, round(len(instants) * share) - len(taken))
        copies = []
        for practitioner, starts in chosen:
            ends = starts + (row["ends_at"] - row["starts_at"])
            times = asyncpg.Range(starts, ends)
            copies.append(
                row | {"appointment_id": uuid4(), "patient_id": uuid4(), "practitioner_id": practitioner,
                       "starts_at": starts, "ends_at": ends, "visit": times, "busy": times}
            )  # fmt: skip
        await booking.copy_records_to_table(
            "appointments", columns=list(row), records=[tuple(one.values()) for one in copies]
        )
        await booking.execute("ANALYZE appointments")
