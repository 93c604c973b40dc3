"""Many rows in one statement: handed over as one JSON text, which PostgreSQL reads by the table's own types."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]


async def insert(tx: AsyncConnection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Write new rows, which all name the same columns."""
    if rows:
        await tx.execute(_insert(table.name, tuple(rows[0])), {"rows": _written(rows)})


async def update(
    tx: AsyncConnection, table: sa.Table, key: str, network_id: str, changes: Sequence[Row]
) -> None:
    """Change rows of one network; each change has the key and the columns that change, the same for all of one call."""
    if changes:
        statement = _update(table.name, key, tuple(name for name in changes[0] if name != key))
        keys = [str(change[key]) for change in changes]
        await tx.execute(statement, {"network": network_id, "keys": keys, "rows": _written(changes)})


def _written(rows: Sequence[Row]) -> str:
    return orjson.dumps(list(rows), default=_as_text).decode()


def _as_text(value: Any) -> str:
    match value:
        case bytes():
            return "\\x" + value.hex()
        case UUID():  # asyncpg's own kind, which orjson does not know
            return str(value)
        case _:
            raise TypeError(f"no column takes a {type(value).__name__}")


@lru_cache(maxsize=100)
def _insert(table: str, columns: tuple[str, ...]) -> sa.TextClause:
    names = ", ".join(columns)
    return sa.text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {_read(table)} AS new")  # noqa: S608 - names come from code


@lru_cache(maxsize=100)
def _update(table: str, key: str, columns: tuple[str, ...]) -> sa.TextClause:
    """The keys are said twice, so that the rows are looked up by them even by a plan that was made while the table was
    small, and is kept."""
    changed = ", ".join(f"{name} = new.{name}" for name in columns)
    return sa.text(
        f"UPDATE {table} SET {changed} FROM {_read(table)} AS new"  # noqa: S608 - names come from code
        f" WHERE {table}.network_id = :network AND {table}.{key} = ANY (CAST(:keys AS uuid[]))"
        f" AND {table}.{key} = new.{key}"
    )


def _read(table: str) -> str:
    return f"json_populate_recordset(CAST(NULL AS {table}), CAST(CAST(:rows AS text) AS json))"
