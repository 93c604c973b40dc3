"""A toy service, so that the common ground is tested on real servers without any real service."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from common import database as database_module
from common import migrate, provision, sealed
from common.contracts.messages import Command, Done, Event, Query
from common.database import Database
from common.ids import new_id

metadata = sa.MetaData()
database_module.standard_tables(metadata)
sealed.keys_table(metadata)
marks = sa.Table(
    "marks",
    metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("mark_id", UUID, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("due_at", sa.DateTime(timezone=True)),
    sa.Column("leased_until", sa.DateTime(timezone=True)),
)


class Marked(Event):
    """Something was marked."""

    subject: ClassVar[str] = "toy.event.mark.made.v1"
    label: str


class Mark(Command[Done]):
    """Mark something."""

    subject: ClassVar[str] = "toy.command.mark.v1"
    label: str


class CountMarks(Query[Done]):
    """How many marks (as `version`, at least 1)."""

    subject: ClassVar[str] = "toy.query.marks.count.v1"


class _Op:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def execute(self, statement: str) -> None:
        self.connection.execute(sa.text(statement))


def _make(connection: sa.Connection) -> None:
    metadata.create_all(connection)
    op = _Op(connection)
    migrate.secure(op, "toy", "marks", "patient_keys")
    migrate.unscoped(op, "toy")
    migrate.claimable(op, "toy", "marks", "mark_id")


@pytest.fixture(scope="session")
def service_name() -> str:
    return "toy"


@pytest.fixture
async def toy_urls(postgres_server: Any) -> AsyncIterator[tuple[str, str]]:
    name = f"toy_{new_id().hex[-12:]}"
    admin_url = postgres_server.admin_url
    await provision.provision(admin_url, "toy", provision.Passwords("test", "test", "test"))
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f'CREATE DATABASE "{name}" OWNER toy_owner')
    await admin.close()
    base = make_url(admin_url).set(drivername="postgresql+asyncpg", database=name, password="test")
    urls = [
        base.set(username=f"toy_{role}").render_as_string(hide_password=False)
        for role in ("owner", "app", "worker")
    ]
    engine = create_async_engine(urls[0])
    async with engine.begin() as connection:
        await connection.run_sync(_make)
    await engine.dispose()
    yield urls[1], urls[2]
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
async def database(toy_urls: tuple[str, str]) -> AsyncIterator[Database]:
    opened = Database(*toy_urls)
    yield opened
    await opened.dispose()


async def put_mark(tx: Any, network_id: str, label: str, due_at: Any = None) -> None:
    await tx.execute(
        marks.insert().values(network_id=network_id, mark_id=new_id(), label=label, due_at=due_at)
    )


async def labels(database: Database, network_id: str) -> list[str]:
    async with database.transaction(network_id) as tx:
        return sorted((await tx.execute(sa.select(marks.c.label))).scalars())
