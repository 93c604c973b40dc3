"""What every service is made of, put together once: clock, database, bus, relay, readers, answers, loops, health.

A service's `create_app(settings)` makes a `Core`, its own parts around it, and returns `app(core, …)`.
"""

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from common import outbox, streams, telemetry
from common.bus import Bus
from common.caller import Signer, Verifier
from common.clock import Clock
from common.database import Database
from common.delivery import Consumption, Readers
from common.development import Status, follow, learn_the_time
from common.due import DueLoop
from common.errors import Unavailable
from common.rpc import Answers, Asks, Server
from common.settings import CommonSettings


@dataclass(frozen=True)
class Core:
    """What every service stands on."""

    name: str
    settings: CommonSettings
    clock: Clock
    database: Database
    bus: Bus
    signer: Signer
    verifier: Verifier
    asks: Asks

    @property
    def development(self) -> bool:
        """Whether the clock can be moved."""
        return self.settings.env == "development"

    def stream(self, owner: str) -> streams.Stream:
        """An owner's stream, as this installation keeps it."""
        return streams.Stream(owner, self.settings.replay_window_days, self.settings.stream_replicas)


def core(name: str, settings: CommonSettings) -> Core:
    """Construct (without connecting anything yet)."""
    bus = Bus(settings.nats_url, name)
    signer = Signer(name, settings.signing_key)
    return Core(
        name=name,
        settings=settings,
        clock=Clock(),
        database=Database(
            settings.database_url,
            settings.worker_database_url,
            pool_size=settings.pool_size,
            secret=settings.signing_key,
        ),
        bus=bus,
        signer=signer,
        verifier=Verifier(settings.trusted_keys),
        asks=Asks(bus, signer),
    )


class Worker(Protocol):
    """A loop that runs for as long as the service does, such as `DueLoop`."""

    in_flight: int
    done: int

    async def run(self) -> None:
        """Work until stopped."""

    def stop(self) -> None:
        """Take nothing more; finish what is in flight."""


class Running:
    """One running service: starts in order, knows whether it is ready and settled, and stops in order."""

    def __init__(
        self,
        core: Core,
        answers: Answers[Any],
        readers: Readers[Any],
        parts: Any,
        workers: Sequence[Worker],
        callbacks: Callable[[], int],
    ) -> None:
        settings = core.settings
        self.core = core
        self.server = Server(core.bus, core.verifier, answers, parts)
        self.relay = outbox.Relay(core.database.engine, core.bus, core.stream(core.name))
        self.consumption = Consumption(
            settings.nats_url, core.name, core.bus, core.database, readers, parts,
            development=core.development, shutdown_seconds=settings.shutdown_seconds, stream=core.stream,
        )  # fmt: skip
        self.workers = workers
        self.callbacks = callbacks
        self.ready = False
        self.stopping = False
        self.leaving = False
        """Told to stop, though connections are still open: who streams without end has to end now."""
        self._looked: tuple[object, list[tuple[datetime | None, int]], int] | None = None
        self._background: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []
        core.database.after_telling.append(self.relay.wake)

    async def start(self) -> None:
        """Connect, declare, answer, read, work; ready when all of that stands."""
        core = self.core
        await core.bus.connect()
        if core.development:
            await learn_the_time(core.bus, core.clock)
            await follow(core.name, core.bus, core.clock, self.status)
        while True:
            try:
                await core.database.ping()
                js = await core.bus.jetstream()
                await streams.declare(js, core.stream(core.name))
                await self.server.start()
                await self.consumption.start()
                break
            except streams.Drift:
                raise
            except Exception as error:  # noqa: BLE001 - not there yet; readiness says so
                telemetry.log().warning("start waits", error=telemetry.where(error))
                await asyncio.sleep(0.5)
        for loop in (
            self.relay.run(), self.consumption.keep_declared(), self.consumption.applying.keep_replaying(), self._prune()
        ):  # fmt: skip
            self._background.append(asyncio.create_task(loop))
        for worker in self.workers:
            self._working.append(asyncio.create_task(worker.run()))
        self.ready = True
        telemetry.log().info("ready")

    async def stop(self) -> None:
        """Finish what is in flight, publish what was committed, then let go."""
        self.ready, self.stopping = False, True
        telemetry.log().info("stopping")
        for worker in self.workers:
            worker.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.core.settings.shutdown_seconds):
                if self._background:
                    await self.server.stop()
                    await self.consumption.stop()
                await asyncio.gather(*self._working, return_exceptions=True)
                await self._drain_outbox()
        for task in (*self._working, *self._background):
            task.cancel()
        await asyncio.gather(*self._working, *self._background, return_exceptions=True)
        await self.core.bus.close()
        await self.core.database.dispose()

    async def _drain_outbox(self) -> None:
        while self._background and self.core.bus.connected:
            async with self.core.database.unscoped() as tx:
                if await outbox.waiting(tx) == 0:
                    return
            await asyncio.sleep(0.05)

    @property
    def in_flight(self) -> int:
        """Requests, events and due rows in hand."""
        workers = sum(worker.in_flight for worker in self.workers)
        return self.server.in_flight + self.consumption.in_flight + workers

    async def status(self) -> Status:
        """For the development clock: what is still to be done here.

        Asked many times while everybody is busy, so it looks no further than the first thing that is not done.
        """
        in_flight = self.in_flight
        due, unpublished = ([], 0) if in_flight else await self._stored()
        due_now = sum(count for _, count in due)
        unread = 0
        if not in_flight and not due_now and not unpublished:
            unread = await self.consumption.unread()
        instants = [instant for instant, _ in due if instant is not None]
        return Status(
            next_due=min(instants, default=None),
            due_now=due_now,
            in_flight=max(in_flight, self.in_flight),
            unpublished=unpublished,
            unread=unread,
            callbacks=self.callbacks(),
            activity=self.server.answered
            + self.consumption.taken
            + self.relay.published
            + sum(worker.done for worker in self.workers),
            blocked=tuple(
                f"{worker.name}: {network} waits for {who}"
                for worker in self.workers
                if isinstance(worker, DueLoop)
                for network, who in worker.blocked.items()
            ),
        )

    async def _stored(self) -> tuple[list[tuple[datetime | None, int]], int]:
        """What is due and unpublished; looked up again only where something may have changed it."""
        now = (
            self.core.clock.now(),
            self.core.database.commits,
            self.relay.published,
            sum(worker.done for worker in self.workers),
        )
        if self._looked is None or self._looked[0] != now:
            due = [await worker.outlook() for worker in self.workers if isinstance(worker, DueLoop)]
            async with self.core.database.unscoped() as tx:
                self._looked = (now, due, await outbox.waiting(tx))
        return self._looked[1:]

    async def check(self) -> list[str]:
        """What is missing for readiness; empty when ready."""
        missing = [] if self.ready else ["starting" if not self.stopping else "stopping"]
        if not self.core.bus.connected:
            missing.append("bus")
        try:
            async with asyncio.timeout(2):
                await self.core.database.ping()
        except (Unavailable, TimeoutError, OSError):
            missing.append("database")
        return missing

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(600)
            try:
                await self.core.database.prune(window_days=self.core.settings.replay_window_days)
            except Unavailable as error:
                telemetry.log().warning("pruning waits", who=error.who)


_NO_SPANS_OF_ITS_OWN = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""FastAPI would write paths and query strings, which hold tokens, into spans beside ours."""


def app(
    core: Core,
    *,
    answers: Answers[Any] | None = None,
    readers: Readers[Any] | None = None,
    parts: Any = None,
    workers: Sequence[Worker] = (),
    callbacks: Callable[[], int] = lambda: 0,
    on_ready: Callable[[], Awaitable[None]] | None = None,
    on_stop: Callable[[], Awaitable[None]] | None = None,
    **fastapi: Any,
) -> FastAPI:
    """The ASGI application of a service: its lifespan is the service's, its routes are health and metrics.

    `on_ready` runs once everything stands; `on_stop` before the bus and the database are let go.
    """
    running = Running(core, answers or Answers(), readers or Readers(), parts, workers, callbacks)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def start() -> None:
            try:
                await running.start()
                if on_ready is not None:
                    await on_ready()
            except streams.Drift as error:
                telemetry.log().error("declaration differs", difference=str(error))
                signal.raise_signal(signal.SIGTERM)

        starting = asyncio.create_task(start())
        try:
            yield
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            if on_stop is not None:
                await on_stop()
            await running.stop()

    fastapi.setdefault("openapi_url", None)
    fastapi.setdefault("telemetry", _NO_SPANS_OF_ITS_OWN)
    application = FastAPI(lifespan=lifespan, **fastapi)
    application.state.running = running
    _health(application, running)
    return application


def _health(application: FastAPI, running: Running) -> None:
    @application.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "alive", "service": running.core.name}

    @application.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        missing = await running.check()
        if not missing:
            return JSONResponse({"status": "ready", "service": running.core.name})
        problem = {
            "type": "/problems/not-ready",
            "title": "Not ready",
            "status": 503,
            "detail": ", ".join(missing),
        }
        return JSONResponse(problem, 503, media_type="application/problem+json")

    @application.get("/metrics", include_in_schema=False)
    async def metrics(_: Request) -> Response:
        with contextlib.suppress(Unavailable):
            async with running.core.database.unscoped() as tx:
                telemetry.UNPUBLISHED.set(await outbox.waiting(tx))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def collect_seldom() -> None:
    """What a service is made of lives as long as it does; what a request makes is mostly freed without the collector."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


KEEP_ALIVE_SECONDS = 75
"""Longer than clients and proxies keep a connection that they do not use (a minute at most): whoever sends on one that is
just being closed does not know whether they were heard."""


def run(name: str, create: Callable[[], FastAPI], settings: CommonSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what is in flight within `shutdown_seconds`."""
    telemetry.start(name)
    application = create()
    collect_seldom()
    config = uvicorn.Config(
        application,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.shutdown_seconds),
        server_header=False,
    )
    started = time.monotonic()
    _Server(config, application.state.running).run()
    telemetry.log().info("stopped", after_seconds=round(time.monotonic() - started, 1))


class _Server(uvicorn.Server):
    """Tells the service at the signal, before waiting for open connections."""

    def __init__(self, config: uvicorn.Config, running: Running) -> None:
        super().__init__(config)
        self._running = running

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._running.leaving = True
        super().handle_exit(sig, frame)
