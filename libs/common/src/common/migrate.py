"""Migrations: `python -m common.migrate <package> [upgrade|check|revision MESSAGE]`, as the service's owner role.

A service keeps its revisions in `<package>/migrations/versions` and its metadata in `<package>.tables.metadata`;
what every service's tables need (row-level security, the roles' rights) is here, once.
"""

import asyncio
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

UNSCOPED = ("outbox", "inbox", "commands", "dead_letters")


def config_for(package: str, connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration of one service, without a file."""
    module = importlib.import_module(package)
    assert module.__file__ is not None
    config = Config()
    config.set_main_option(
        "script_location", str(Path(module.__file__).parent / "migrations").replace("%", "%%")
    )
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["package"] = package
    return config


def run_environment() -> None:
    """What a service's `migrations/env.py` calls: nothing of it differs between services."""
    connection = context.config.attributes["connection"]
    tables: ModuleType = importlib.import_module(f"{context.config.attributes['package']}.tables")
    context.configure(
        connection=connection,
        target_metadata=tables.metadata,
        compare_type=True,
        compare_server_default=True,
        include_object=_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


def _ours(_thing: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


async def migrate(package: str, owner_url: str) -> bool:
    """Bring a database to the newest revision; returns whether anything was done."""
    return bool(await _run(owner_url, lambda connection: _upgrade(package, connection)))


def _upgrade(package: str, connection: sa.Connection) -> bool:
    config = config_for(package, connection)
    current = MigrationContext.configure(connection).get_current_heads()
    if set(current) == set(ScriptDirectory.from_config(config).get_heads()):
        return False
    command.upgrade(config, "head")
    return True


async def check(package: str, owner_url: str) -> None:
    """Raises where the tables in code and the migrations differ."""
    await _run(owner_url, lambda connection: command.check(config_for(package, connection)))


async def revision(package: str, owner_url: str, message: str) -> None:
    """Write the next revision from what differs."""
    await _run(
        owner_url,
        lambda connection: command.revision(
            config_for(package, connection), message=message, autogenerate=True
        ),
    )


async def _run(owner_url: str, work: Any) -> Any:
    engine = create_async_engine(owner_url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def secure(op: Any, service: str, *tables: str) -> None:
    """Row-level security by network for tables of one network's rows, and the app role's rights on them."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_network ON {table} TO {service}_app"
            " USING (network_id = current_setting('app.network', true))"
            " WITH CHECK (network_id = current_setting('app.network', true))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {service}_app")


def unscoped(op: Any, service: str, *tables: str) -> None:
    """The app role's rights on tables that are exempt from row-level security (the standard ones by default)."""
    for table in tables or UNSCOPED:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {service}_app")


def claimable(op: Any, service: str, table: str, identity: str) -> None:
    """The worker may see when rows are due and lease them, in all networks, and nothing else of them."""
    op.execute(f"CREATE POLICY {table}_worker ON {table} TO {service}_worker USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT (network_id, {identity}, due_at, leased_until) ON {table} TO {service}_worker")
    op.execute(f"GRANT UPDATE (leased_until) ON {table} TO {service}_worker")


def main(arguments: list[str]) -> None:
    """The command line; the owner's URL comes from `<PACKAGE>_OWNER_DATABASE_URL`."""
    package, action, *rest = [*arguments, "upgrade"] if len(arguments) == 1 else arguments
    url = os.environ[f"{package.upper()}_OWNER_DATABASE_URL"]
    if action == "upgrade":
        done = asyncio.run(migrate(package, url))
        sys.stdout.write(f"{package}: {'migrated' if done else 'up to date'}\n")
    elif action == "check":
        asyncio.run(check(package, url))
    elif action == "revision":
        asyncio.run(revision(package, url, " ".join(rest) or "next"))
    else:
        raise SystemExit(f"unknown action: {action}")


if __name__ == "__main__":
    main(sys.argv[1:])
