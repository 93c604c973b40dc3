"""Hot statements, each a transaction of its own, handed straight to asyncpg: one round trip.

A transaction through SQLAlchemy takes four round trips, and ten times the processor time of a statement alone. What
is asked hundreds of times a second says everything in one statement, the network whose rows it may touch included:
it begins with `SCOPE`, and whatever is under row-level security hangs on `scope.network_id` (in a LATERAL or
correlated part of the query), so that nothing of it is looked at before the network is set.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from common.errors import Unavailable

SCOPE = "scope AS MATERIALIZED (SELECT set_config('app.network', :network, true) AS network_id)"
"""The first part of the WITH of such a statement; it holds until the statement's own transaction ends."""

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
IDLE_SECONDS = 300.0


class Row(asyncpg.Record):  # type: ignore[misc]  # asyncpg comes without types
    """A row whose columns are attributes, as those that come through SQLAlchemy."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Statement:
    """SQL with named values (`:name`), as `sqlalchemy.text` takes it."""

    def __init__(self, sql: str) -> None:
        compiled = sa.text(sql).compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())

    async def run(self, connection: Any, values: Mapping[str, Any]) -> list[Row]:
        """Its rows."""
        rows: list[Row] = await connection.fetch(self._sql, *[values[name] for name in self._names])
        return rows


class Statements:
    """The connections of such statements, made when they are first needed."""

    def __init__(self, engine: AsyncEngine, *, size: int, patience: float) -> None:
        _, self._options = engine.dialect.create_connect_args(engine.url)
        self._size = size
        self._patience = patience
        self._pool: asyncpg.Pool | None = None
        self._making = asyncio.Lock()

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Run it and commit. Raises `Unavailable` where the database went away, `asyncpg.PostgresError` otherwise."""
        try:
            pool = self._pool or await self._make()
            async with pool.acquire(timeout=self._patience) as connection:
                return await statement.run(connection, values)
        except Exception as error:
            if went_away(error):
                raise Unavailable("database", "connection lost") from error
            raise

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()

    async def _make(self) -> asyncpg.Pool:
        async with self._making:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self._options,
                    min_size=0,
                    max_size=self._size,
                    max_inactive_connection_lifetime=IDLE_SECONDS,
                    timeout=self._patience / 2,
                    record_class=Row,
                    server_settings={"jit": "off"},
                    # A statement alone leaves nothing behind that would have to be reset, at a round trip each time.
                    reset=_nothing,
                )
            return self._pool


def went_away(error: BaseException) -> bool:
    """Whether asyncpg lost its connection, or found none, rather than was refused a statement."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(("08", "57P"))
    return isinstance(error, (asyncpg.InterfaceError, OSError, TimeoutError))


async def _nothing(_: Any) -> None:
    pass
