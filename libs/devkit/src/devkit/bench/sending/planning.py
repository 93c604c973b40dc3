"""Planning: the reader's own operation for booked visits, one after the other and many at once."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from common import service
from common.contracts.booking import AppointmentBooked
from common.contracts.directory import BranchChanged, NetworkOpened, PractitionerChanged, ServiceChanged
from common.contracts.messages import Event
from common.ids import new_id
from devkit.bench.results import Result
from devkit.bench.sending.owners import NETWORK, Clinic
from devkit.bench.sending.replica import Nowhere, parts_of
from devkit.bench.sending.servers import Servers
from notifications import handlers
from notifications.operations.parts import Parts
from notifications.settings import Settings

VISITS = 400
AT_ONCE = 16


def settings(servers: Servers) -> Settings:
    """What the environment of a notifications process says."""
    with patch.dict(os.environ, servers.environment):
        return Settings()


async def connected(settings: Settings) -> tuple[Parts, Callable[[], Awaitable[None]]]:
    """The service's parts without its loops, and what closes them."""
    core = service.core("notifications", settings)
    await core.bus.connect()

    async def close() -> None:
        await core.bus.close()
        await core.database.dispose()

    return parts_of(core, settings, {"whatsapp": Nowhere("whatsapp"), "sms": Nowhere("sms")}), close


async def measure(servers: Servers, clinic: Clinic) -> list[Result]:
    """Rows written in a second; every visit makes a chain of four."""
    parts, close = await connected(settings(servers))
    try:
        await _open(parts, clinic)
        one_by_one = await _planned(servers, parts, clinic, 1)
        together = await _planned(servers, parts, clinic, AT_ONCE)
    finally:
        await close()
    return [
        Result("sending: planning, one event after the other", one_by_one, "messages/s", notes="chains of 4"),
        Result(f"sending: planning, {AT_ONCE} events at once", together, "messages/s", notes="chains of 4"),
    ]


async def _open(parts: Parts, clinic: Clinic) -> None:
    about: dict[str, Any] = {"network_id": NETWORK, "occurred_at": datetime.now(UTC), "version": 1}
    for event in (
        NetworkOpened(network=clinic.network, **about), BranchChanged(branch=clinic.branch, **about),
        PractitionerChanged(practitioner=clinic.practitioner, **about), ServiceChanged(service=clinic.service, **about),
    ):  # fmt: skip
        await _applied(event, parts)


async def _planned(servers: Servers, parts: Parts, clinic: Clinic, at_once: int) -> float:
    events = iter(
        [
            AppointmentBooked(
                network_id=NETWORK, occurred_at=datetime.now(UTC), version=1, appointment=clinic.visit(new_id())
            )
            for _ in range(VISITS)
        ]
    )  # fmt: skip

    async def apply_each() -> None:
        for event in events:
            await _applied(event, parts)

    async with servers.connected() as connection:
        before = await connection.fetchval("SELECT count(*) FROM messages")
        started = time.perf_counter()
        await asyncio.gather(*(apply_each() for _ in range(at_once)))
        seconds = time.perf_counter() - started
        written: int = await connection.fetchval("SELECT count(*) FROM messages") - before
        return written / seconds


async def _applied(event: Event, parts: Parts) -> None:
    reader = next(one for one in handlers.readers.readers if event.subject in one.events)
    await reader.apply(event, parts)
