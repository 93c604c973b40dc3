"""What PostgreSQL alone does: the rows of the newest bookings again, into empty copies of the two databases.

Two statements and two commits for each booking, as the services have them: the patient with their keys and indexes,
and the appointment with its event, each with the record of its command. No service, no bus and no row-level security
is in between.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from common.migrate import migrate
from devkit.bench.stage import NETWORK, Stage

NEWEST = (
    "SELECT appointment_id, patient_id FROM appointments ORDER BY created_at DESC, appointment_id LIMIT $1"
)
OF_PATIENTS = ("patients", "patient_phones", "patient_keys", "patient_words")

Statement = tuple[str, Sequence[Any]]


async def rate(stage: Stage, clients: int, count: int) -> float:
    """Bookings a second."""
    async with stage.connected("booking") as booking, stage.connected("patient_profile") as people:
        visits = await booking.fetch(NEWEST, count)
        appointments = await _rows(booking, "appointments", "appointment_id", [one[0] for one in visits])
        events = await booking.fetch(
            "SELECT * FROM outbox WHERE subject LIKE '%.appointment.booked.%' ORDER BY seq DESC LIMIT $1",
            count,
        )
        orders = await booking.fetch("SELECT * FROM commands ORDER BY recorded_at DESC LIMIT $1", count)
        registrations = await people.fetch("SELECT * FROM commands ORDER BY recorded_at DESC LIMIT $1", count)
        patients = {
            table: await _rows(people, table, "patient_id", [one[1] for one in visits])
            for table in OF_PATIENTS
        }
        network = await booking.fetchrow("SELECT * FROM networks WHERE network_id = $1", NETWORK)
    work = [
        (
            _at_once(
                [(table, row) for table in OF_PATIENTS for row in patients[table][visit["patient_id"]]]
                + [("commands", registration)]
            ),
            _at_once(
                [
                    ("appointments", appointments[visit["appointment_id"]][0]),
                    ("outbox", event),
                    ("commands", order),
                ]
            ),
        )
        for visit, event, order, registration in zip(visits, events, orders, registrations, strict=True)
    ]
    async with (
        _copy_of(stage, "patient_profile", clients) as people,
        _copy_of(stage, "booking", clients) as booking,
    ):
        statement, values = _at_once([("networks", network)])
        await booking.execute(statement, *values)
        return await _write(people, booking, work, clients)


async def _rows(connection: Any, table: str, key: str, ids: Sequence[Any]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {one: [] for one in ids}
    for row in await connection.fetch(f"SELECT * FROM {table} WHERE {key} = ANY($1)", ids):  # noqa: S608 - our own names
        found[row[key]].append(row)
    return found


def _at_once(rows: Sequence[tuple[str, Any]]) -> Statement:
    """One statement that inserts all of these rows."""
    inserts: list[str] = []
    values: list[Any] = []
    for table, row in rows:
        names = [name for name in row.keys() if (table, name) != ("outbox", "seq")]  # noqa: SIM118 - a record, no dict
        places = ", ".join(f"${len(values) + number}" for number in range(1, len(names) + 1))
        inserts.append(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})")  # noqa: S608 - a schema's own names
        values += [row[name] for name in names]
    parts = ", ".join(f"part{number} AS ({insert})" for number, insert in enumerate(inserts[:-1]))
    return f"WITH {parts} {inserts[-1]}" if parts else inserts[-1], values


@asynccontextmanager
async def _copy_of(stage: Stage, service: str, clients: int) -> AsyncIterator[Any]:
    name = f"bench_raw_{service}"
    async with stage.connected("postgres") as admin:
        await admin.execute(f"CREATE DATABASE {name}")
    try:
        async with stage.connected(name) as copy:
            for extension in ("btree_gist", "pg_trgm"):
                await copy.execute(f"CREATE EXTENSION {extension}")
        await migrate(service, stage.admin_url(name).replace("postgresql://", "postgresql+asyncpg://"))
        async with asyncpg.create_pool(stage.admin_url(name), min_size=clients, max_size=clients) as pool:
            yield pool
    finally:
        async with stage.connected("postgres") as admin:
            await admin.execute(f"DROP DATABASE {name}")


async def _write(
    people: Any, booking: Any, work: Sequence[tuple[Statement, Statement]], clients: int
) -> float:
    left = iter(work)

    async def one() -> None:
        async with people.acquire() as of_people, booking.acquire() as of_booking:
            for (patient, patients_values), (visit, visits_values) in left:
                await of_people.execute(patient, *patients_values)
                await of_booking.execute(visit, *visits_values)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return len(work) / (time.perf_counter() - started)
