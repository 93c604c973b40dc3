"""Work done at a running system: how much of it per second, and what it cost which processes."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from devkit.bench.http import Client, at_once
from devkit.bench.stage import Stage

OK = 200
MINUTES = 2
"""How long to wait for a system to come to rest: one question waits a minute."""
ANSWERING = ("gateway", "booking", "patient_profile")


@dataclass(frozen=True)
class Measured:
    """The rate, and milliseconds of processor time (user and system) for each piece of work."""

    rate: float
    answering: float
    """Of the services that answer."""
    everything: float
    """Of PostgreSQL, NATS and the services behind the scenes too, as long as the work went on."""


async def measured(
    stage: Stage, clients: int, work: Sequence[bytes], do: Callable[[Client, bytes], Awaitable[None]]
) -> Measured:
    """Do it all, this many at a time."""
    answering, everything = stage.cpu_seconds(*ANSWERING), stage.cpu_seconds()
    started = time.perf_counter()
    await at_once(clients, stage.running.gateway_url, work, do)
    rate = len(work) / (time.perf_counter() - started)
    return Measured(
        rate,
        (stage.cpu_seconds(*ANSWERING) - answering) / len(work) * 1000,
        (stage.cpu_seconds() - everything) / len(work) * 1000,
    )


async def until_quiet(stage: Stage) -> None:
    """What was set off (events, confirmations) must not run beside the next measurement."""
    async with Client(stage.running.gateway_url) as client:
        for _ in range(MINUTES):
            status, answer = await client.ask("POST", "/dev/clock", b'{"advance": "PT0S"}')
            if status == OK:
                return
    raise RuntimeError(f"the system does not come to rest: {answer.decode(errors='replace')}")
