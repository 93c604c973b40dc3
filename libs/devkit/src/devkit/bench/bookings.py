"""Bookings over HTTP, beside PostgreSQL writing the very same rows."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import asyncpg

from common.migrate import migrate
from devkit.bench.http import Client, at_once
from devkit.bench.results import Result
from devkit.bench.stage import NETWORK, Stage

CLIENTS = 16
BOOKINGS = 1200
WARM_UP = 100
SCRATCH = "bench_raw"
CREATED = 201
ATTEMPTS = 3


async def measure(stage: Stage) -> list[Result]:
    """Bookings a second, and what share of PostgreSQL's own that is."""
    bodies = [_body(stage, number) for number in range(WARM_UP + BOOKINGS)]

    async def book(client: Client, body: bytes) -> None:
        status, answer = await client.ask("POST", f"/api/v1/networks/{NETWORK}/bookings", body)
        if status != CREATED:
            raise RuntimeError(f"a booking was answered by {status}: {answer.decode(errors='replace')}")

    await at_once(CLIENTS, stage.running.gateway_url, bodies[:WARM_UP], book)
    before = stage.cpu_seconds("gateway", "booking", "patient_profile")
    started = time.perf_counter()
    await at_once(CLIENTS, stage.running.gateway_url, bodies[WARM_UP:], book)
    rate = BOOKINGS / (time.perf_counter() - started)
    spent = (stage.cpu_seconds("gateway", "booking", "patient_profile") - before) / BOOKINGS
    await _until_quiet(stage)
    raw = await _raw(stage)
    return [
        Result(
            f"bookings, {CLIENTS} clients", rate, "per second", raw, "the same rows by asyncpg",
            f"{spent * 1000:.1f} ms CPU each",
        )
    ]  # fmt: skip


def _body(stage: Stage, number: int) -> bytes:
    # Every fifth slot first, so that a day is neither full nor empty.
    instants = stage.instants()
    practitioner, starts = instants[number * 5 % len(instants) + number * 5 // len(instants)]
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


async def _until_quiet(stage: Stage) -> None:
    """What the bookings set off (events, confirmations) must not run beside the next measurement."""
    async with Client(stage.running.gateway_url) as client:
        for _ in range(ATTEMPTS):
            status, _ = await client.ask("POST", "/dev/clock", b'{"advance": "PT0S"}')
            if status == 200:
                return


async def _raw(stage: Stage) -> float:
    """The same appointments, events and commands into a copy of the schema, one statement and commit each."""
    async with stage.connected("booking") as source:
        tables = {
            name: await source.fetch(query)
            for name, query in (
                ("appointments", "SELECT * FROM appointments ORDER BY created_at, appointment_id"),
                ("outbox", "SELECT * FROM outbox WHERE subject LIKE '%.appointment.booked.%' ORDER BY seq"),
                ("commands", "SELECT * FROM commands ORDER BY recorded_at DESC"),
            )
        }
        network = await source.fetchrow("SELECT * FROM networks WHERE network_id = $1", NETWORK)
    async with stage.connected("postgres") as admin:
        await admin.execute(f"CREATE DATABASE {SCRATCH}")
    async with stage.connected(SCRATCH) as scratch:
        await scratch.execute("CREATE EXTENSION btree_gist")
    await migrate("booking", stage.admin_url(SCRATCH).replace("postgresql://", "postgresql+asyncpg://"))
    pool = await asyncpg.create_pool(stage.admin_url(SCRATCH), min_size=CLIENTS, max_size=CLIENTS)
    try:
        await pool.execute(_insert("networks", network, 0), *network.values())
        return await _write(pool, list(zip(*tables.values(), strict=False)))
    finally:
        await pool.close()


def _columns(table: str, row: Any) -> list[str]:
    return [name for name in row.keys() if (table, name) != ("outbox", "seq")]  # noqa: SIM118 - a record, no dict


def _insert(table: str, row: Any, offset: int) -> str:
    names = _columns(table, row)
    values = ", ".join(f"${offset + number + 1}" for number in range(len(names)))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - a schema's own names


async def _write(pool: Any, rows: Sequence[tuple[Any, Any, Any]]) -> float:
    names = ("appointments", "outbox", "commands")
    statements, offset = [], 0
    for name, row in zip(names, rows[0], strict=True):
        statements.append(_insert(name, row, offset))
        offset += len(_columns(name, row))
    statement = f"WITH event AS ({statements[1]}), command AS ({statements[2]}) {statements[0]}"
    left = iter([_values(names, row) for row in rows])

    async def one() -> None:
        async with pool.acquire() as connection:
            for values in left:
                await connection.execute(statement, *values)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return len(rows) / (time.perf_counter() - started)


def _values(names: Sequence[str], rows: Sequence[Any]) -> list[Any]:
    return [row[column] for name, row in zip(names, rows, strict=True) for column in _columns(name, row)]


async def fill(stage: Stage, share: float) -> None:
    """Take this share of all slots, by copies of a row that a booking made."""
    async with stage.connected("booking") as booking:
        row = dict(await booking.fetchrow("SELECT * FROM appointments LIMIT 1"))
        taken = {
            (one["practitioner_id"], one["starts_at"])
            for one in await booking.fetch("SELECT practitioner_id, starts_at FROM appointments")
        }
        instants = stage.instants()
        free = [one for number, one in enumerate(instants) if one not in taken and number % 5 < 3]
        copies = []
        for practitioner, starts in free[: round(len(instants) * share) - len(taken)]:
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
