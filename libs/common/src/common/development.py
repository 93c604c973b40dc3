"""The development clock's side in every process: learn the time, follow its moves, say whether work is settled.

Only where `VINCULO_ENV=development`; production never subscribes to any of this.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import nats.errors
import orjson
from nats.aio.msg import Msg

from common import telemetry
from common.bus import Bus
from common.clock import Clock


@dataclass(frozen=True)
class Status:
    """What is still to be done here. Settled is: everything but `next_due` and `activity` zero."""

    next_due: datetime | None = None
    due_now: int = 0
    in_flight: int = 0
    unpublished: int = 0
    unread: int = 0
    callbacks: int = 0
    activity: int = 0
    blocked: tuple[str, ...] = ()


async def learn_the_time(bus: Bus, clock: Clock, *, patience: float = 20.0) -> None:
    """Ask the keeper what time it is; without one (after `patience` seconds) the clock ticks with the wall."""
    client = await bus.client()
    deadline = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < deadline:
        try:
            reply = await client.request("dev.clock.get", b"", timeout=1)
        except (nats.errors.Error, TimeoutError):
            await asyncio.sleep(0.1)
            continue
        answer = orjson.loads(reply.data)
        if answer["frozen"]:
            clock.put(datetime.fromisoformat(answer["now"]))
        return
    telemetry.log().warning("nobody keeps the development clock")


async def follow(name: str, bus: Bus, clock: Clock, status: Callable[[], Awaitable[Status]]) -> None:
    """Follow the keeper's moves and answer `dev.status`."""
    client = await bus.client()

    async def moved(message: Msg) -> None:
        clock.put(datetime.fromisoformat(orjson.loads(message.data)["now"]))
        if message.reply:
            await message.respond(orjson.dumps({"name": name}))

    async def asked(message: Msg) -> None:
        async def answer() -> None:
            try:
                now = await status()
            except Exception as error:  # noqa: BLE001 - a database that is down is an answer too: not settled
                now = Status(in_flight=1, blocked=(telemetry.where(error),))
            await message.respond(orjson.dumps({"name": name, **now.__dict__}))

        task = asyncio.create_task(answer())
        running.add(task)
        task.add_done_callback(running.discard)

    running: set[asyncio.Task[None]] = set()
    await client.subscribe("dev.clock.set", cb=moved)
    await client.subscribe("dev.status", cb=asked)
    await bus.flush()
