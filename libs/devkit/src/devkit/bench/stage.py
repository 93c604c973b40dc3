"""What is measured: a system of its own on free ports, and a network that nobody else uses."""

import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil

from common.contracts.directory import (
    Address,
    Branch,
    Network,
    OpeningHours,
    OpenNetwork,
    Practitioner,
    PutBranch,
    PutPractitioner,
    PutService,
    Service,
    WorkingHours,
)
from common.ids import new_id
from devkit.asking import acting, asking
from devkit.embedded.ports import free
from devkit.home import Home, Running
from devkit.processes import Ports
from devkit.running import System

NETWORK = "bench"
PRACTITIONERS = 10
DAYS = 30
MINUTES = 15
OPENS, CLOSES = 4, 13
"""By UTC; nine hours, so 36 slots a day for each practitioner."""


@dataclass(frozen=True)
class Stage:
    """The running system and the ids of its network."""

    running: Running
    branch_id: UUID
    service_id: UUID
    practitioners: tuple[UUID, ...]
    first_day: datetime
    signing_key: str = field(repr=False)
    """The gateway's, by which orders are given."""
    numbers: Iterator[int] = field(default_factory=count)
    """Of patients, so that each is somebody new."""

    def instants(self, days: Iterable[int] = range(DAYS)) -> list[tuple[UUID, datetime]]:
        """Every slot of these days, counted from the first; by default of all that searches look through."""
        return [
            (practitioner, self.first_day + timedelta(days=day, hours=hour, minutes=minute))
            for day in days
            for hour in range(OPENS, CLOSES)
            for minute in range(0, 60, MINUTES)
            for practitioner in self.practitioners
        ]

    def admin_url(self, database: str) -> str:
        """A superuser's way into one database of the server."""
        return self.running.admin_url.rpartition("/")[0] + f"/{database}"

    @asynccontextmanager
    async def connected(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """For the length of the block."""
        connection = await asyncpg.connect(self.admin_url(database))
        try:
            yield connection
        finally:
            await connection.close()

    def cpu_seconds(self, *names: str) -> float:
        """What these processes have used since they began, or all of them; with those that they started."""
        counted: dict[int, float] = {}
        for name in names or self.running.processes:
            process = psutil.Process(self.running.pid(name))
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):  # from now on among its parent's ended children
                    times = one.cpu_times()
                    ended = times.children_user + times.children_system
                    counted[one.pid] = times.user + times.system + ended
        return sum(counted.values())


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Start everything, open the network, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="vinculo-bench-") as folder:
        home = Home(Path(folder) / "home")
        with home.locked():
            gateway, sandbox = free(2)
            system = System(home, Ports.drawn(gateway=gateway, sandbox=sandbox))
            try:
                await system.start()
                yield await open_network(system.running, home.secrets.signing_key("gateway"))
            finally:
                await system.stop()


async def open_network(running: Running, signing_key: str) -> Stage:
    """A clinic with ten practitioners, whose next thirty days are free."""
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    practitioners = tuple(new_id() for _ in range(PRACTITIONERS))
    stage = Stage(running, new_id(), new_id(), practitioners, tomorrow, signing_key)
    week = range(1, 8)
    async with asking(running.nats_url, signing_key) as asks:
        caller = acting(NETWORK)
        for command in (
            OpenNetwork(
                network=Network(
                    network_id=NETWORK, name="Bench", country="KZ", locales=["ru"], currency="KZT", preset="kz"
                )
            ),
            PutBranch(
                branch=Branch(
                    branch_id=stage.branch_id, name="Bench", zone="UTC", locale="ru", phone="+77270000000",
                    address=Address(city="Алматы", street="пр. Абая, 1"),
                    hours=[OpeningHours(weekday=day, opens=time(OPENS), closes=time(CLOSES)) for day in week],
                )
            ),
            PutService(
                service=Service(
                    service_id=stage.service_id, name={"ru": "Осмотр"}, duration=MINUTES, granularity=MINUTES
                )
            ),
            *(
                PutPractitioner(
                    practitioner=Practitioner(
                        practitioner_id=practitioner, name=f"Врач {number}", service_ids=[stage.service_id],
                        working_hours=[
                            WorkingHours(
                                branch_id=stage.branch_id, weekday=day, starts=time(OPENS), ends=time(CLOSES)
                            )
                            for day in week
                        ],
                    )
                )
                for number, practitioner in enumerate(stage.practitioners)
            ),
        ):  # fmt: skip
            await asks.ask(command, caller=caller, timeout=20)
    return stage
