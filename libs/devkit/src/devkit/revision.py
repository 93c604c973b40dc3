"""`python -m devkit.revision SERVICE MESSAGE`: a service's next migration, from what its tables say now.

Made against a server that lives for this command alone: brought to the newest revision, then compared.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from common.provision import SERVICES, Passwords, provision
from devkit.embedded import EmbeddedPostgres
from devkit.embedded.ports import free
from devkit.errors import CannotStart
from devkit.home import ROLES
from devkit.processes import database_url

PASSWORD = "revision"


async def _write(admin_url: str, package: str, message: str) -> None:
    from common.migrate import migrate, revision

    await provision(admin_url, package, Passwords(**dict.fromkeys(ROLES, PASSWORD)))
    owner = database_url(admin_url, package, "owner", PASSWORD)
    await migrate(package, owner)
    await revision(package, owner, message)


def write(package: str, message: str) -> None:
    """Add a file to the service's `migrations/versions`; a person then reads it and adds rights and policies."""
    with tempfile.TemporaryDirectory(prefix="vinculo-revision-") as folder:
        postgres = EmbeddedPostgres(
            Path(folder) / "postgres",
            port=free(1)[0],
            password=PASSWORD,
            log=Path(folder) / "postgres.log",
            durable=False,
        )
        postgres.start()
        try:
            asyncio.run(_write(postgres.admin_url, package, message))
        finally:
            postgres.stop()


def main(arguments: list[str]) -> None:
    """Two words, and a service's name written either way (patient-profile, patient_profile)."""
    service, message = (argument.strip() for argument in [*arguments, "", ""][:2])
    package = service.replace("-", "_")
    if package not in SERVICES or not message:
        sys.exit(
            f'make migration SERVICE=… MESSAGE="what changes"; a service is one of {", ".join(SERVICES)}'
        )
    try:
        write(package, message)
    except CannotStart as error:
        sys.exit(f"vinculo: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
