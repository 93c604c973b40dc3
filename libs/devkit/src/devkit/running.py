"""One running Vínculo from its first process to its last: what `vinculo up` does, without a command line."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from devkit import databases
from devkit.embedded import Infrastructure, infrastructure
from devkit.errors import CannotStart
from devkit.home import SERVICES, Home, Running
from devkit.nursery import Nursery, available
from devkit.processes import Ports, database_urls, sandbox_process, service_processes
from devkit.supervisor import Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Furnish = Callable[[Running], Awaitable[Sequence[str]]]
"""What to do once everyone answers and before it is called ready (demo networks); returns what to add to the line."""


async def unfurnished(running: Running) -> Sequence[str]:
    """Leave a fresh home empty."""
    del running
    return ()


@dataclass
class System:
    """The processes of one home. Its caller holds the home's lock."""

    home: Home
    ports: Ports
    supervisor: Supervisor = field(init=False)
    servers: Infrastructure = field(init=False)

    def __post_init__(self) -> None:
        self.servers = infrastructure(self.home)
        self.supervisor = Supervisor(changed=self._tell)

    @property
    def running(self) -> Running:
        """What runs now."""
        return Running(
            supervisor=self.supervisor.pid,
            gateway_url=self.ports.gateway_url,
            sandbox_url=self.ports.sandbox_url,
            nats_url=self.servers.nats_url,
            admin_url=self.servers.admin_url,
            processes=self.supervisor.described(),
            database_urls=database_urls(self.servers.admin_url, self.home.secrets),
            ledger=str(self.home.ledger),
        )

    def _tell(self) -> None:
        self.home.write_running(self.running)

    async def start(self) -> None:
        """Return when every process answers."""
        self.home.rotate_logs(["postgres", "nats", "nursery", "migrate", "sandbox", *SERVICES])
        self.home.ledger.parent.mkdir(mode=0o700, exist_ok=True)
        nursery = Nursery(self.home.log("nursery")) if available() else None
        try:
            async with asyncio.TaskGroup() as meanwhile:
                meanwhile.create_task(self._start_servers())
                if nursery is not None:
                    meanwhile.create_task(self.supervisor.start([nursery]))
        except* CannotStart as refusals:
            raise refusals.exceptions[0] from None
        await self.supervisor.start(
            [sandbox_process(self.home, self.servers, self.ports, nursery)],
            service_processes(self.home, self.servers, self.ports, nursery),
        )

    async def _start_servers(self) -> None:
        await self.supervisor.start(self.servers.programs)
        await databases.make(self.home, self.servers)

    async def stop(self) -> None:
        """Return when no process is left."""
        await self.supervisor.stop()
        self.home.forget_running()


async def run(
    home: Home,
    ports: Ports,
    *,
    announce: Callable[[Running, Sequence[str]], None],
    furnish: Furnish = unfurnished,
) -> None:
    """Start everything, announce it, and stay until a signal says to stop; also one that comes during the start."""
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        # Not the loop's own handlers: those go with the loop, and a second Ctrl-C must find us deaf to the very end.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(told_to_stop.set))
    system = System(home, ports)

    async def start() -> None:
        await system.start()
        announce(system.running, await furnish(system.running))
        await told_to_stop.wait()

    work = asyncio.create_task(start())
    stop = asyncio.create_task(told_to_stop.wait())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not told_to_stop.is_set():
            await work
    finally:
        for task in (work, stop):
            task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await work
        await system.stop()
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
