from common import migrate


async def test_the_migrations_make_exactly_the_tables_of_the_code(owner_url: str):
    await migrate.check("booking", owner_url)


async def test_migrating_again_does_nothing(owner_url: str):
    assert await migrate.migrate("booking", owner_url) is False
