"""PostgreSQL and NATS without installing either: from wheels, as children, or servers of yours given by URL."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from devkit.embedded.child import Program
from devkit.embedded.nats import EmbeddedNats
from devkit.embedded.ports import free
from devkit.embedded.postgres import EmbeddedPostgres
from devkit.home import Home

__all__ = ["EmbeddedNats", "EmbeddedPostgres", "Infrastructure", "infrastructure"]


@dataclass(frozen=True)
class Infrastructure:
    """Where the two servers are, and those of them that are ours to run."""

    admin_url: str
    nats_url: str
    programs: tuple[Program, ...]

    @property
    def owns_postgres(self) -> bool:
        """Whether the databases live in the home."""
        return any(isinstance(program, EmbeddedPostgres) for program in self.programs)


def infrastructure(home: Home, environment: Mapping[str, str] = os.environ) -> Infrastructure:
    """Servers by `VINCULO_POSTGRES_URL` (a superuser's) and `VINCULO_NATS_URL` where set, embedded ones otherwise."""
    admin_url = environment.get("VINCULO_POSTGRES_URL", "")
    nats_url = environment.get("VINCULO_NATS_URL", "")
    postgres_port, nats_port = free(2)
    programs: list[Program] = []
    if not admin_url:
        password = home.secrets.password("postgres")
        postgres = EmbeddedPostgres(
            home.postgres, port=postgres_port, password=password, log=home.log("postgres")
        )
        admin_url = postgres.admin_url
        programs.append(postgres)
    if not nats_url:
        nats = EmbeddedNats(
            home.nats, port=nats_port, password=home.secrets.password("nats"), log=home.log("nats")
        )
        nats_url = nats.url
        programs.append(nats)
    return Infrastructure(admin_url, nats_url, tuple(programs))
