"""What is planned: one real message, copied by SQL until the table holds a million."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from common.sealed import Sealer
from devkit.bench.sending.owners import NETWORK
from devkit.bench.sending.servers import Servers

MESSAGES = 1_000_000
SEALED = 20_000
"""Keys that are made before they are written together."""


def sealer(servers: Servers) -> Sealer:
    """Of the notifications service."""
    return Sealer(servers.environment["NOTIFICATIONS_SEALING_KEY"])


async def fill(connection: asyncpg.Connection, size: int, *, later: timedelta) -> None:
    """Copies of one message up to this size, of as many patients, due evenly over a month from then on."""
    held = await connection.fetchval("SELECT count(*) FROM messages")
    await _copies(
        connection, size - held, due_at="now() + $3::interval + number * interval '3 seconds'", more=[later]
    )
    await connection.execute("VACUUM ANALYZE messages")


async def due(
    connection: asyncpg.Connection, count: int, sealer: Sealer, *, message_class: str = "service", per_second: int = 0,
    since: timedelta = timedelta(0),
) -> None:  # fmt: skip
    """This many more that are due from now (and `since`) on, all at once or so many a second; their patients were
    written to before, so that their keys exist."""
    spread = f"number * interval '{1 / per_second:.9f} seconds'" if per_second else "interval '0'"
    patients = await _copies(
        connection,
        count,
        due_at=f"now() + $3::interval + {spread}",
        more=[since],
        message_class=message_class,
    )
    for start in range(0, len(patients), SEALED):
        keys = [(NETWORK, one, sealer.fresh(one)[1]) for one in patients[start : start + SEALED]]
        await connection.copy_records_to_table(
            "patient_keys", records=keys, columns=["network_id", "patient_id", "wrapped"]
        )


async def _copies(
    connection: asyncpg.Connection, count: int, *, due_at: str, more: Sequence[object], message_class: str = "service"
) -> list[UUID]:  # fmt: skip
    columns = [
        row["column_name"]
        for row in await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'messages' ORDER BY 1"
        )
    ]
    lane = {"immediate": 0, "service": 1, "marketing": 2}[message_class]
    other = {
        "message_id": "whose", "patient_id": "whose", "origin_id": "whose", "appointment_id": "whose",
        "due_at": due_at, "target_at": due_at, "earliest_at": "now() - interval '1 hour'",
        "latest_at": "now() + interval '10 days'", "asked_at": "now()", "leased_until": "NULL",
        "message_class": f"'{message_class}'", "lane": str(lane),
    }  # fmt: skip
    values = ", ".join(other.get(name, f"one.{name}") for name in columns)
    rows = await connection.fetch(
        f"INSERT INTO messages ({', '.join(columns)}) SELECT {values}"  # noqa: S608 - a schema's own names
        " FROM (SELECT * FROM messages WHERE network_id = $2 AND step = 'confirm' LIMIT 1) AS one,"
        " (SELECT number, gen_random_uuid() AS whose FROM generate_series(1, $1) AS number) AS copies"
        " RETURNING patient_id",
        count, NETWORK, *more,
    )  # fmt: skip
    return [row["patient_id"] for row in rows]
