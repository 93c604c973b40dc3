"""Five networks to try everything with, one for each jurisdiction, each with staff of every role.

`furnish` is what `vinculo up` calls: it makes what is missing, leaves alone what somebody has changed since, and
costs nothing when it ran before on the same data. Heavy imports stay inside, so that a second start is quick.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devkit.errors import CannotStart
from devkit.home import Home, Running

if TYPE_CHECKING:
    from common.contracts.gateway import Role

NETWORKS = ("demo-kz", "demo-br", "demo-ir", "demo-fr", "demo-tw")
ROLES: tuple["Role", ...] = ("reception", "delegate", "doctor", "manager", "accounting", "admin")
PASSWORD = "vinculo-demo"


@dataclass(frozen=True)
class Login:
    """A demo member of staff."""

    network_id: str
    role: "Role"
    email: str
    password: str = PASSWORD


LOGINS: tuple[Login, ...] = tuple(
    Login(network, role, f"{role}@{network}.example") for network in NETWORKS for role in ROLES
)


def fingerprint() -> str:
    """The same while nothing about the demo networks changes."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


async def furnish(home: Home, running: Running) -> Sequence[str]:
    """Make the demo networks where they are missing; returns what to add to the `ready` line."""
    # Beside the database's files, so that it goes when they go; on somebody else's server we look each time.
    embedded = "postgres" in running.processes
    mark = home.postgres / "demo.sha256"
    if not (embedded and mark.exists() and mark.read_text() == fingerprint()):
        await _make(running.nats_url, home.secrets.signing_key("gateway"))
        if embedded:
            mark.write_text(fingerprint())
    return [f"logins {{{','.join(ROLES)}}}@{{{','.join(NETWORKS)}}}.example", f"password {PASSWORD}"]


async def _make(nats_url: str, signing_key: str) -> None:
    from common.errors import Refused, Unavailable
    from devkit.demo.making import ensure_demo

    try:
        await ensure_demo(nats_url, signing_key)
    except* (Refused, Unavailable) as errors:
        raise CannotStart(f"the demo networks could not be made: {_first(errors)}") from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def furnishing(home: Home) -> Callable[[Running], Awaitable[Sequence[str]]]:
    """`furnish` for one home."""

    async def of_this_home(running: Running) -> Sequence[str]:
        return await furnish(home, running)

    return of_this_home
