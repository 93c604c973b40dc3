"""One connection to NATS for requests, replies and the relay: it never gives up reconnecting."""

import asyncio
import contextlib
from collections.abc import Callable

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from common import telemetry


class Bus:
    """Connects in the background and keeps trying; callers find out by `client` raising or by a time-out."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._connected = asyncio.Event()
        self._watchers: list[Callable[[], None]] = []
        self._closing = False

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Call after each connect and reconnect."""
        self._watchers.append(callback)

    @property
    def connected(self) -> bool:
        """Whether the server is there at this moment."""
        return self._client is not None and self._client.is_connected

    async def connect(self) -> None:
        """Wait until the server is there; from then on reconnects are automatic."""
        while self._client is None:
            try:
                self._client = await nats.connect(
                    self._url,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=self._failed,
                    reconnected_cb=self._reconnected,
                    disconnected_cb=self._disconnected,
                )
            except (OSError, nats.errors.Error, TimeoutError) as error:
                telemetry.log().warning("bus is not there yet", error=telemetry.where(error))
                await asyncio.sleep(0.3)
        await self._reconnected()

    async def client(self) -> Client:
        """The connection; waits for the first connect."""
        await self._connected.wait()
        assert self._client is not None
        return self._client

    async def flush(self) -> None:
        """Return when the server has done what we sent.

        It is seen through where the caller is cancelled meanwhile: nats-py would give its pong to nobody, stop reading
        at that, and be deaf for all others until the connection counts as stale.
        """
        client = await self.client()
        await asyncio.shield(asyncio.ensure_future(_flushed(client)))

    async def jetstream(self) -> JetStreamContext:
        """A JetStream context; waits while there is no connection."""
        client = await self.client()
        while not client.is_connected:  # noqa: ASYNC110 - nats-py has no event for it
            await asyncio.sleep(0.1)
        if self._js is None:
            self._js = client.jetstream(timeout=3)
        return self._js

    def forget_jetstream(self) -> None:
        """Start from a clean context: acknowledgements that never came would hold its places."""
        self._js = None

    async def close(self) -> None:
        """Flush what was answered, then close."""
        self._closing = True
        if self._client is not None and not self._client.is_closed:
            with contextlib.suppress(nats.errors.Error, TimeoutError, OSError):
                if self._client.is_connected:
                    await self._client.flush(timeout=2)
            await self._client.close()

    async def _failed(self, error: Exception) -> None:
        telemetry.log().warning("bus error", error=telemetry.where(error))

    async def _disconnected(self) -> None:
        if self._closing:
            return
        telemetry.log().warning("bus disconnected")

    async def _reconnected(self) -> None:
        self._js = None
        self._connected.set()
        for callback in self._watchers:
            callback()


async def _flushed(client: Client) -> None:
    """In nats-py a first ping overtakes what is yet unwritten."""
    await client.flush()
    await client.flush()
