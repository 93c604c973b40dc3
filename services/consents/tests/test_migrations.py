"""The tables in code are those that migrations make, and history cannot be rewritten."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from common import migrate
from common.database import Database


async def test_migrations_from_nothing_make_the_tables_in_code(owner_url: str):
    await migrate.check("consents", owner_url)


async def test_migrating_again_does_nothing(owner_url: str):
    assert await migrate.migrate("consents", owner_url) is False


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE permission_acts SET state = 'granted'",
        "DELETE FROM permission_acts",
        "DELETE FROM permissions",
    ],
)
async def test_acts_can_be_added_to_and_nothing_else(database: Database, network_id: str, statement: str):
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(network_id) as tx:
            await tx.execute(sa.text(statement))
