"""The tables in code are those that the migrations make."""

from common import migrate


async def test_the_migrations_make_the_tables_of_the_code(owner_url):
    await migrate.check("notifications", owner_url)
