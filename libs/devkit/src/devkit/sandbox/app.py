"""The sandbox as a process: the only place that constructs."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import nats
import uvicorn
from fastapi import APIRouter, FastAPI, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from nats.aio.client import Client
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError

from common import telemetry
from common.service import KEEP_ALIVE_SECONDS
from devkit.sandbox import providers
from devkit.sandbox.carrier import Carrier, Files
from devkit.sandbox.clock import DevelopmentClock
from devkit.sandbox.keeper import Keeper
from devkit.sandbox.mail import Mail
from devkit.sandbox.pages import PAGES, Pages
from devkit.sandbox.problems import Problem, on_invalid, on_problem
from devkit.sandbox.settings import Settings
from devkit.sandbox.viewing import Viewing

log = logging.getLogger("devkit.sandbox")


def create_app(settings: Settings) -> FastAPI:
    clock = DevelopmentClock(settings.clock_file, start=settings.starts_at)
    carrier = Carrier(
        clock,
        providers.wires(settings),
        Files(settings.ledger, settings.journal_file),
        read_at_once=settings.read_receipts == "at_once",
    )
    keeper = Keeper(clock, carrier.status, expected=settings.expected, patience=settings.settle_seconds)
    connection = Connection(settings.nats_url, keeper)
    mail = Mail(carrier, hang_seconds=settings.hang_seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(carrier)
            server = await mail.listen(settings.smtp_host, settings.smtp_port)
            stack.callback(server.close)
            app.state.smtp_port = server.sockets[0].getsockname()[1]
            await stack.enter_async_context(connection)
            yield

    app = FastAPI(title="Vínculo provider sandbox", lifespan=lifespan, docs_url="/docs", redoc_url=None)
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    viewing = Viewing(
        carrier,
        keeper,
        reply_seconds=settings.reply_seconds,
        opening_reads=settings.read_receipts == "opened",
    )
    for router in (*providers.routers(settings, carrier), viewing.router(), Pages(carrier).router()):
        app.include_router(router)
    app.include_router(_health(carrier, connection))
    app.mount("/static", StaticFiles(directory=PAGES / "static"), name="static")
    app.state.carrier = carrier
    return app


class Connection:
    """To NATS, as long as it takes; the providers are there without it, the clock of the others is not."""

    def __init__(self, url: str | None, keeper: Keeper) -> None:
        self._url = url
        self._keeper = keeper
        self._connecting: asyncio.Task[Client] | None = None
        self._trouble = ""

    @property
    def ready(self) -> bool:
        if self._url is None:
            return True
        task = self._connecting
        return bool(task and task.done() and not task.exception() and task.result().is_connected)

    async def __aenter__(self) -> None:
        if self._url is not None:
            self._connecting = asyncio.create_task(self._connect(self._url), name="connect to NATS")

    async def __aexit__(self, *_: object) -> None:
        await self._keeper.close()
        if self._connecting is None:
            return
        if self._connecting.done() and not self._connecting.exception():
            await self._connecting.result().close()
        self._connecting.cancel()
        await asyncio.gather(self._connecting, return_exceptions=True)

    async def _connect(self, url: str) -> Client:
        client = await nats.connect(
            url, name="sandbox", max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=self._on_error
        )
        await self._keeper.serve(client)
        return client

    async def _on_error(self, error: Exception) -> None:
        """Once for each kind: while a server is away every attempt ends here."""
        trouble = type(error).__name__
        if trouble != self._trouble:
            log.warning("NATS at %s: %s", self._url, str(error) or trouble)
        self._trouble = trouble


def _health(carrier: Carrier, connection: Connection) -> APIRouter:
    router = APIRouter(tags=["Health"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        if not connection.ready:
            raise Problem(503, "not-ready", "NATS is not reachable")
        return {"status": "ok"}

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(carrier.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def main() -> None:
    telemetry.start("sandbox")
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(f"sandbox: {error}")
    uvicorn.run(
        create_app(settings),
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        server_header=False,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
