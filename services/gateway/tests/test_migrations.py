"""The tables in code are those that migrations make, and the roles may do what they need and no more."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from common import migrate
from common.database import Database


async def test_the_newest_revision_is_what_the_code_says(owner_url: str) -> None:
    await migrate.check("gateway", owner_url)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_service_can_neither_change_nor_delete_the_audit_log(
    database: Database, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.transaction("any") as tx:
            await tx.execute(sa.text(statement))


async def test_rows_of_another_network_are_not_there(database: Database) -> None:
    insert = sa.text(
        "INSERT INTO api_keys (network_id, api_key_id, key_hash, name, roles, created_by, created_at)"
        " VALUES ('one', gen_random_uuid(), 'hash', 'name', '{}', 'me', now())"
    )
    async with database.transaction("one") as tx:
        await tx.execute(insert)
    async with database.transaction("two") as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM api_keys"))).scalar_one() == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction("two") as tx:
            await tx.execute(insert)


async def test_the_worker_sees_when_keys_were_used_and_nothing_of_them(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.claiming() as tx:
            await tx.execute(sa.text("SELECT principal FROM idempotency"))
