"""Bookings over HTTP, beside PostgreSQL writing the very same rows."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from devkit.bench import raw
from devkit.bench.http import Client
from devkit.bench.results import Result, by
from devkit.bench.stage import NETWORK, Stage
from devkit.bench.work import Measured, measured, until_quiet

WARM_UP, ALONE, TOGETHER = 100, 200, 1000
CLIENTS = 16
CREATED = 201
PATH = f"/api/v1/networks/{NETWORK}/bookings"
PEER, PEERS_ALONE, PEERS_TOGETHER = "Easy!Appointments 1.5.2", 32.0, 62.0
"""The best of those that were measured beside us, in bookings per second at 1 and 16 clients."""

Slots = Sequence[tuple[UUID, datetime]]


async def measure(stage: Stage) -> list[Result]:
    """Bookings a second by one client and by many, and what share of PostgreSQL's own that is."""
    slots = iter(_spread(stage))
    await book(stage, [next(slots) for _ in range(WARM_UP)], CLIENTS)
    await until_quiet(stage)
    results = []
    for clients, count, peer in ((1, ALONE, PEERS_ALONE), (CLIENTS, TOGETHER, PEERS_TOGETHER)):
        before, started = stage.cpu_seconds(), time.perf_counter()
        done = await book(stage, [next(slots) for _ in range(count)], clients)
        await until_quiet(stage)
        rate_with_all = count / (time.perf_counter() - started)
        with_all = (stage.cpu_seconds() - before) / count * 1000
        limit = await raw.rate(stage, clients, count)
        what = f"bookings, {by(clients)}"
        results += [
            Result(what, done.rate, "per second", limit, "PostgreSQL alone, the same rows"),
            Result(f"{what}, beside a peer", done.rate, "per second", peer, PEER),
            Result(
                f"{what}, services' CPU", done.answering, "ms each",
                notes=f"{done.everything:.2f} ms with PostgreSQL, NATS and what ran behind",
            ),
            Result(
                f"{what}, until confirmations are out", rate_with_all, "per second",
                notes=f"{with_all:.2f} ms CPU of everything each",
            ),
        ]  # fmt: skip
    return results


async def book(stage: Stage, slots: Slots, clients: int) -> Measured:
    """A new patient for each slot."""

    async def order(client: Client, wish: bytes) -> None:
        status, answer = await client.ask("POST", PATH, wish)
        if status != CREATED:
            raise RuntimeError(f"a booking was answered by {status}: {answer.decode(errors='replace')}")

    return await measured(stage, clients, [body(stage, *slot) for slot in slots], order)


def _spread(stage: Stage) -> Iterator[tuple[UUID, datetime]]:
    """Every fifth slot first, so that a day is neither full nor empty."""
    instants = stage.instants()
    return (instants[at] for first in range(5) for at in range(first, len(instants), 5))


def body(stage: Stage, practitioner: UUID, starts: datetime) -> bytes:
    """The order of somebody new."""
    number = next(stage.numbers)
    return json.dumps(
        {
            "service_id": str(stage.service_id),
            "branch_id": str(stage.branch_id),
            "practitioner_id": str(practitioner),
            "starts_at": starts.isoformat(),
            "patient": {"full_name": f"Пациент {number}", "phone": f"+7701{number:07}"},
            "source": "site",
        }
    ).encode()
