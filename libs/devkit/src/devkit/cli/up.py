"""`vinculo up`: the whole product on this machine, in the foreground."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import click

from devkit.demo import furnishing
from devkit.embedded.ports import chosen
from devkit.errors import CannotStart
from devkit.home import Home, Running
from devkit.processes import Ports
from devkit.running import run


def _announce(running: Running, additions: Sequence[str]) -> None:
    parts = [f"gateway {running.gateway_url}", f"sandbox {running.sandbox_url}", *additions]
    with suppress(BrokenPipeError):
        print("ready", *parts, sep="  ", flush=True)


def _clock_start() -> None:
    """Refuse a start of the clock that the sandbox would refuse, before anything runs."""
    text = os.environ.get("VINCULO_CLOCK_START")
    if not text:
        return
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise CannotStart(
            f"VINCULO_CLOCK_START is no instant with an offset (2026-03-02T09:00:00+05:00): {text}"
        )


@click.command()
def up() -> None:
    """Run everything until Ctrl-C.

    GATEWAY_PORT (8080) and SANDBOX_PORT (8090) say where, VINCULO_HOME (.vinculo) where the data is kept,
    VINCULO_CLOCK_START at which instant the development clock begins.
    """
    _clock_start()
    home = Home.from_environment()
    with home.locked():
        gateway = chosen("GATEWAY_PORT", os.environ.get("GATEWAY_PORT") or "8080")
        sandbox = chosen("SANDBOX_PORT", os.environ.get("SANDBOX_PORT") or "8090")
        if gateway == sandbox:
            raise CannotStart(f"GATEWAY_PORT and SANDBOX_PORT are both {gateway}")
        ports = Ports.drawn(gateway=gateway, sandbox=sandbox)
        asyncio.run(run(home, ports, announce=_announce, furnish=furnishing(home)))
