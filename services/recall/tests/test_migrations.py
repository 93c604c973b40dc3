from common import migrate


async def test_the_tables_in_code_are_the_tables_in_the_database(owner_url):
    await migrate.check("recall", owner_url)


async def test_upgrading_again_does_nothing(owner_url):
    assert await migrate.migrate("recall", owner_url) is False
