"""Where events come from: pulled by FastStream, handed on, and acknowledged by what became of them."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Generic, TypeVar

import nats.errors
import nats.js.errors
import orjson
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.aio.msg import Msg
from pydantic import ValidationError

from common import streams, telemetry
from common.bus import Bus
from common.database import Database
from common.delivery.applying import Applying
from common.delivery.readers import Heard, Reader, Readers
from common.waiting import rung

Parts = TypeVar("Parts")

DELAYS = (0.1, 0.5, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before each redelivery; the last one repeats."""

DEVELOPMENT_DELAY = 0.2
BATCH = 32


class Consumption(Generic[Parts]):
    """Runs the readers of one service on a FastStream broker."""

    def __init__(
        self,
        url: str,
        name: str,
        bus: Bus,
        database: Database,
        readers: Readers[Parts],
        parts: Parts,
        *,
        development: bool,
        shutdown_seconds: float,
        stream: Callable[[str], streams.Stream],
    ) -> None:
        self._bus = bus
        self._development = development
        self._readers = readers.readers
        self.applying = Applying(bus, database, self._readers, parts)
        self._stream = stream
        self.in_flight = 0
        self.taken = 0
        self._broker = NatsBroker(
            url,
            name=f"{name}-events",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,  # type: ignore[arg-type]  # nats-py takes fractions of a second
            connect_timeout=2,
            ping_interval=5,
            graceful_timeout=shutdown_seconds,
            logger=None,
            # Types are ours: FastStream's own injection sends every message through a thread.
            apply_types=False,
            decoder=_as_it_came,
        )
        for reader in self._readers:
            self._subscribe(reader)

    def durables(self) -> list[streams.Durable]:
        """Everything that must exist on the server before reading."""
        return [
            streams.Durable(reader.durable, self._stream(reader.owner), tuple(reader.events))
            for reader in self._readers
        ]

    async def start(self) -> None:
        """Declare, then read."""
        await self.declare()
        await self._broker.start()

    async def stop(self) -> None:
        """Take nothing more, and finish what is in flight."""
        await self._broker.stop()

    async def declare(self) -> None:
        """Make streams and consumers where they are missing: at start, and after a lost JetStream store."""
        js = await self._bus.jetstream()
        for durable in self.durables():
            await streams.declare_durable(js, durable)

    async def keep_declared(self) -> None:
        """Watch over the consumers until cancelled: a lost store takes them along."""
        wake = asyncio.Event()
        self._bus.on_connected(wake.set)
        while True:
            await rung(wake, within=3)
            wake.clear()
            try:
                await self.declare()
            except streams.Drift as error:
                telemetry.log().error("declaration differs", difference=str(error))
            except (nats.errors.Error, TimeoutError, OSError) as error:
                telemetry.log().warning("could not look after consumers", error=telemetry.where(error))

    async def unread(self) -> int:
        """Events that were published and not yet acknowledged by these readers.

        Asked for at every step of a development clock, hence without nats-py's objects around the answer.
        """
        client = await self._bus.client()
        count = 0
        for durable in self.durables():
            subject = f"$JS.API.CONSUMER.INFO.{durable.stream.name}.{durable.name}"
            info = orjson.loads((await client.request(subject, b"", timeout=3)).data)
            count += info["num_pending"] + info["num_ack_pending"]
        return count

    def _subscribe(self, reader: Reader[Parts]) -> None:
        consume_one = partial(self._consume, reader)
        consume_raw = _Fetched(partial(self._consume_all, reader)) if reader.apply_together else consume_one

        async def consume(message: NatsMessage) -> None:
            self.in_flight += 1
            try:
                await consume_raw(message.raw_message)
            finally:
                self.in_flight -= 1
                self.taken += 1

        self._broker.subscriber(
            f"{reader.owner}.event.>",
            durable=reader.durable,
            stream=JStream(self._stream(reader.owner).name, declare=False),
            pull_sub=PullSub(batch_size=BATCH, timeout=5.0),
            ack_policy=AckPolicy.MANUAL,
        )(consume)

    async def _consume_all(self, reader: Reader[Parts], raws: list[Msg]) -> None:
        for raw in await self._left_of(reader, raws) if len(raws) > 1 else raws:
            await self._consume(reader, raw)

    async def _left_of(self, reader: Reader[Parts], raws: list[Msg]) -> list[Msg]:
        """What could not be applied together, network by network."""
        networks: dict[str, list[tuple[Msg, Heard[Any]]]] = defaultdict(list)
        left = []
        for raw in raws:
            try:
                event = reader.events[raw.subject].model_validate_json(raw.data)
            except (ValidationError, KeyError):
                left.append(raw)
            else:
                networks[event.network_id].append((raw, Heard(event, (raw.headers or {}).get("traceparent"))))
        for network_id, group in networks.items():
            outcome = await self.applying.apply_together(reader, network_id, [heard for _, heard in group])
            if outcome is None:
                left += [raw for raw, _ in group]
                continue
            for raw, _ in group:
                await self._acknowledge(reader, raw)
            telemetry.EVENTS.labels(durable=reader.durable, outcome=outcome).inc(len(group))
        return left

    async def _acknowledge(
        self, reader: Reader[Parts], raw: Msg, *, again_after: float | None = None
    ) -> None:
        try:
            if again_after is None:
                await raw.ack()
            else:
                await raw.nak(delay=again_after)
        except nats.errors.Error as error:
            telemetry.log().warning(
                "acknowledgement lost", durable=reader.durable, error=telemetry.where(error)
            )

    async def _consume(self, reader: Reader[Parts], raw: Msg) -> None:
        headers = dict(raw.headers or {})
        subject, data = raw.subject, raw.data
        attempt = raw.metadata.num_delivered or 1
        outcome = await self.applying.apply(reader, subject, data, headers, attempt)
        if outcome == "again":
            await self._acknowledge(reader, raw, again_after=self._delay(attempt))
        else:
            await self._acknowledge(reader, raw)
        telemetry.EVENTS.labels(durable=reader.durable, outcome=outcome).inc()

    def _delay(self, attempt: int) -> float:
        return DEVELOPMENT_DELAY if self._development else DELAYS[min(attempt, len(DELAYS)) - 1]


class _Fetched:
    """Brings what was fetched at once together again.

    FastStream hands it over message by message, in tasks that all start before anything else runs; its own batches
    wait until they are full.
    """

    def __init__(self, consume: Callable[[list[Msg]], Awaitable[None]]) -> None:
        self._consume = consume
        self._raws: list[Msg] = []
        self._consuming: asyncio.Task[None] | None = None

    async def __call__(self, raw: Msg) -> None:
        if not self._raws:
            self._consuming = asyncio.create_task(self._consume_fetched())
        self._raws.append(raw)
        assert self._consuming is not None
        await self._consuming

    async def _consume_fetched(self) -> None:
        raws, self._raws = self._raws, []
        await self._consume(raws)


async def _as_it_came(message: NatsMessage) -> NatsMessage:
    return message
