"""Roles and databases on a PostgreSQL server: `python -m common.provision SERVICE…`, run by whoever owns the server.

The admin's URL comes from `PROVISION_ADMIN_URL`, passwords from `<SERVICE>_OWNER_PASSWORD`, `_APP_PASSWORD` and
`_WORKER_PASSWORD`. Running it again changes passwords and nothing else.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

SERVICES = ("booking", "notifications", "consents", "recall", "patient_profile", "gateway")
ROLES = ("owner", "app", "worker")
EXTENSIONS: Mapping[str, tuple[str, ...]] = {"booking": ("btree_gist",)}


@dataclass(frozen=True)
class Passwords:
    """Of one service's three roles."""

    owner: str
    app: str
    worker: str


async def provision(admin_url: str, service: str, passwords: Passwords) -> None:
    """Make the three roles and the database of one service, where they are missing."""
    url = admin_url.replace("postgresql+asyncpg://", "postgresql://")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('vinculo-provision'))")
        for role in ROLES:
            await _role(connection, f"{service}_{role}", getattr(passwords, role))
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", service):
            await connection.execute(f'CREATE DATABASE "{service}" OWNER "{service}_owner"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{service}" FROM PUBLIC')
        await connection.execute(
            f'GRANT CONNECT ON DATABASE "{service}" TO "{service}_app", "{service}_worker"'
        )
    finally:
        await connection.close()
    inside = await asyncpg.connect(url, database=service)
    try:
        for extension in EXTENSIONS.get(service, ()):
            await inside.execute(f'CREATE EXTENSION IF NOT EXISTS "{extension}"')
        await inside.execute(f'GRANT USAGE, CREATE ON SCHEMA public TO "{service}_owner"')
        await inside.execute(f'GRANT USAGE ON SCHEMA public TO "{service}_app", "{service}_worker"')
    finally:
        await inside.close()


async def _role(connection: asyncpg.Connection, name: str, password: str) -> None:
    quoted = await connection.fetchval("SELECT quote_literal($1::text)", password)
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    await connection.execute(f'{verb} ROLE "{name}" LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {quoted}')


def main(services: list[str]) -> None:
    """Provision the named services, or all."""
    for service in services or list(SERVICES):
        prefix = service.upper()
        passwords = Passwords(*(os.environ[f"{prefix}_{role.upper()}_PASSWORD"] for role in ROLES))
        asyncio.run(provision(os.environ["PROVISION_ADMIN_URL"], service, passwords))
        sys.stdout.write(f"{service}: provisioned\n")


if __name__ == "__main__":
    main(sys.argv[1:])
