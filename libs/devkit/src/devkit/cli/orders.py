"""What the commands that talk to a running home share."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from common.errors import Refused, Unavailable
from common.rpc import Asks
from devkit.asking import asking
from devkit.errors import CannotStart
from devkit.home import Home

Result = TypeVar("Result")

with_home: Callable[[Any], Any] = click.option(
    "--home", "home_path", envvar="VINCULO_HOME", default=".vinculo", show_default=True, type=click.Path(path_type=Path),
    help="The home that is running.",
)  # fmt: skip


def order(home_path: Path, work: Callable[[Asks], Awaitable[Result]]) -> Result:
    """Do this with the services of a running home; a refusal is one line."""
    home = Home(home_path)
    running = home.running()

    async def connected() -> Result:
        async with asyncio.timeout(60), asking(running.nats_url, home.secrets.signing_key("gateway")) as asks:
            return await work(asks)

    try:
        return asyncio.run(connected())
    except Refused as refusal:
        raise CannotStart(f"refused ({refusal.refusal}): {refusal.detail or refusal.refusal}") from refusal
    except Unavailable as error:
        raise CannotStart(f"no answer from {error.who}: {error.why}") from error
    except TimeoutError as error:
        raise CannotStart("no answer in a minute") from error
