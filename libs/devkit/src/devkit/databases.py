"""Makes and migrates the six services' databases, in a process of its own and only when something changed.

Apart from the supervisor because it imports SQLAlchemy and Alembic, which cost a start as much as everything else;
one process for all six because those imports, not the migrations, take the time.
"""

import asyncio
import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devkit.embedded import Infrastructure
from devkit.embedded.child import launched
from devkit.errors import CannotStart
from devkit.home import SERVICES, Home
from devkit.processes import database_urls, role_passwords

# Inside a package: what decides how its database looks.
SHAPING = ("migrations/**/*.py", "tables.py", "tables/**/*.py", "provision.py", "migrate.py", "database.py")


def _shaping_files() -> Iterator[Path]:
    for package in ("common", *SERVICES):
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or []) if found else []:
            for pattern in SHAPING:
                yield from sorted(Path(folder).glob(pattern))


def fingerprint(home: Home) -> str:
    """The same while neither migrations nor roles change."""
    digest = hashlib.sha256()
    for file in _shaping_files():
        digest.update(f"{file.parent.name}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    for service in SERVICES:
        digest.update(json.dumps(role_passwords(home.secrets, service)).encode())
    return digest.hexdigest()


async def make(home: Home, infrastructure: Infrastructure) -> None:
    """Bring every database up to date; on an embedded server, skip it when the last run left it so."""
    mark = home.postgres / "migrated.sha256" if infrastructure.owns_postgres else None
    wanted = await asyncio.to_thread(fingerprint, home)
    if mark is not None and mark.exists() and mark.read_text() == wanted:
        return
    urls = database_urls(infrastructure.admin_url, home.secrets)
    todo = {
        service: {"passwords": role_passwords(home.secrets, service), "owner_url": urls[service]["owner"]}
        for service in SERVICES
    }
    process = await asyncio.create_subprocess_exec(
        *launched([sys.executable, "-m", "devkit.databases"]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate(
            json.dumps({"admin_url": infrastructure.admin_url, "services": todo}).encode()
        )
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    log = home.log("migrate")
    log.write_bytes(said)
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        raise CannotStart(f"migrations failed: {lines[-1] if lines else process.returncode} (log: {log})")
    if mark is not None:
        mark.write_text(wanted)


async def _all(admin_url: str, services: dict[str, dict[str, Any]]) -> None:
    from common.migrate import migrate
    from common.provision import Passwords, provision

    for service, what in services.items():
        await provision(admin_url, service, Passwords(**what["passwords"]))
        await migrate(service, what["owner_url"])


def main() -> None:
    """Do what standard input says: passwords have no place on a command line."""
    todo = json.load(sys.stdin)
    asyncio.run(_all(todo["admin_url"], todo["services"]))


if __name__ == "__main__":
    main()
