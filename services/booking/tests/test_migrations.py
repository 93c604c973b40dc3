"""What the migrations make, and what they do to rows that stand there already."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

from booking.handlers import Parts
from common import migrate

from .clinic import a_practitioner, a_room, almaty, open_clinic


async def test_the_migrations_make_exactly_the_tables_of_the_code(owner_url: str):
    await migrate.check("booking", owner_url)


async def test_migrating_again_does_nothing(owner_url: str):
    assert await migrate.migrate("booking", owner_url) is False


async def test_an_overbooked_visit_in_a_chair_of_another_practitioner_gives_it_up(
    parts: Parts, owner_url: str
):
    clinic = await open_clinic(parts, room_kind="chair")
    chairs = [a_room(clinic.branch, name=name) for name in "12"]
    colleague = a_practitioner(clinic.branch, clinic.service)
    await clinic.put(*chairs, colleague)
    await clinic.book(almaty(3, 10), practitioner_id=colleague.practitioner_id)
    await clinic.book(almaty(3, 10))
    await revise(owner_url, command.downgrade, "0008")
    await clinic.rows(
        "UPDATE appointments SET room_id = :other, overlap_lane = 1, overbook_reason = 'acute pain'"
        " WHERE room_id = :own RETURNING 1",
        other=chairs[0].room_id,
        own=chairs[1].room_id,
    )
    await revise(owner_url, command.upgrade, "head")
    rooms = await clinic.rows("SELECT room_id FROM appointments ORDER BY overlap_lane")
    assert [row.room_id for row in rooms] == [chairs[0].room_id, None]


async def revise(owner_url: str, step: Callable[[Config, str], None], revision: str) -> None:
    engine = create_async_engine(owner_url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: step(migrate.config_for("booking", sync), revision))
    await engine.dispose()
