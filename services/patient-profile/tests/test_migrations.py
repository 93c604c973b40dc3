"""The tables in code are those that migrations make, and each network's rows are its own."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from common import migrate
from common.database import Database


async def test_migrations_from_nothing_make_the_tables_in_code(owner_url: str) -> None:
    await migrate.check("patient_profile", owner_url)


async def test_migrating_again_does_nothing(owner_url: str) -> None:
    assert await migrate.migrate("patient_profile", owner_url) is False


@pytest.mark.parametrize("table", ["patient_versions", "notes"])
async def test_history_can_be_added_to_but_not_rewritten(
    database: Database, network_id: str, table: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(network_id) as tx:
            await tx.execute(sa.text(f"UPDATE {table} SET network_id = network_id"))


async def test_the_worker_sees_when_patients_are_due_and_nothing_of_them(database: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.claiming() as tx:
            await tx.execute(sa.text("SELECT card FROM patients"))
