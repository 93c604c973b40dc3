"""The schedule proved: `python -m booking.prove` looks at every network and prints a signed statement.

`python -m booking.prove verify FILE PUBLIC_KEY` checks such a statement offline. The databases' URLs and the signing
key come from the service's own environment (`BOOKING_DATABASE_URL`, `BOOKING_WORKER_DATABASE_URL`,
`BOOKING_SIGNING_KEY`); nothing is written to the database. Exit code 1 where the promise is broken.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from booking.queries import proof
from booking.rules import proof as rules
from common.clock import wall
from common.database import Database
from common.errors import Refused

# What the worker may see of appointments is enough to know whose there are.
_NETWORKS = sa.text("SELECT DISTINCT network_id FROM appointments ORDER BY network_id")

_SCOPE = sa.text("SELECT set_config('app.network', :network, true)")


async def prove(database: Database, key: str) -> tuple[dict[str, Any], str]:
    """The statement and its signed form; each network is read in one snapshot of its own."""
    async with database.claiming() as tx:
        networks = (await tx.execute(_NETWORKS)).scalars().all()
    async with database.unscoped() as tx:
        constraints = await proof.constraints(tx)
    found = {}
    for network_id in networks:
        async with _snapshot(database, network_id) as tx:
            found[network_id] = asdict(await proof.schedule(tx))
    claimed = rules.statement(
        made_at=wall().isoformat(), constraints=constraints, expected=proof.EXPECTED, networks=found
    )
    return claimed, rules.sign(claimed, key)


@asynccontextmanager
async def _snapshot(database: Database, network_id: str) -> AsyncIterator[AsyncConnection]:
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            await connection.execute(_SCOPE, {"network": network_id})
            yield connection


async def _prove() -> bool:
    database = Database(os.environ["BOOKING_DATABASE_URL"], os.environ["BOOKING_WORKER_DATABASE_URL"])
    try:
        claimed, signed = await prove(database, os.environ["BOOKING_SIGNING_KEY"])
    finally:
        await database.dispose()
    sys.stdout.write(json.dumps(claimed, ensure_ascii=False, indent=2) + f"\n\n{signed}\n")
    return bool(claimed["holds"])


def _verify(path: str, public_key: str) -> bool:
    signed = Path(path).read_text(encoding="utf-8").split()[-1]
    try:
        claimed = rules.read(signed, public_key)
    except Refused as refusal:
        sys.stdout.write(f"{refusal.detail}\n")
        return False
    kept = "holds" if claimed["holds"] else "is BROKEN"
    sys.stdout.write(f"signed by this key at {claimed['made_at']}: {claimed['claim']} {kept}\n")
    return bool(claimed["holds"])


def main(arguments: list[str]) -> None:
    """The command line."""
    match arguments:
        case []:
            held = asyncio.run(_prove())
        case ["verify", path, public_key]:
            held = _verify(path, public_key)
        case _:
            raise SystemExit("usage: python -m booking.prove [verify FILE PUBLIC_KEY]")
    if not held:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
