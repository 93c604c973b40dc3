"""How events are read: FastStream pulls, and this decides what a failure means.

FastStream's own default terminates a message on the first exception, and a plain negative acknowledgement comes
back at once; so acknowledgement is ours. Applied, or applied before: acknowledge. Refused by a rule: acknowledge
and count. Something unreachable: again later, with a growing delay, for as long as it takes. A bug: again a few
times, then a row in this service's own dead letters, which a person can list and replay.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

import nats.errors
import nats.js.errors
import orjson
import sqlalchemy as sa
import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.aio.msg import Msg
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from common import streams, telemetry
from common.bus import Bus
from common.clock import Clock
from common.contracts.messages import Event
from common.database import AlreadyApplied, Database, lost_connection
from common.encoding import canonical
from common.errors import Refused, Unavailable, unavailability

Parts = TypeVar("Parts")
Happened = TypeVar("Happened", bound=Event)

ATTEMPTS = 6
"""A bug is tried this often before it becomes a dead letter."""

DELAYS = (0.1, 0.5, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before each redelivery; the last one repeats."""

DEVELOPMENT_DELAY = 0.2
BATCH = 32


@dataclass(frozen=True)
class Heard(Generic[Happened]):
    """An event, and the trace that it came by."""

    event: Happened
    trace: str | None


@dataclass(frozen=True)
class Reader(Generic[Parts]):
    """One durable reader and the function that applies what it reads."""

    durable: str
    events: dict[str, type[Event]]
    apply: Callable[[Any, Parts], Awaitable[None]]
    apply_together: Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]] | None = None

    @property
    def owner(self) -> str:
        """The service whose stream it reads."""
        return next(iter(self.events.values())).owner()


class Readers(Generic[Parts]):
    """What a service reads.

    ```python
    readers = Readers[Parts]()

    @readers.of(AppointmentBooked, AppointmentCancelled, durable="notifications-chains")
    async def follow_appointment(event: AppointmentEvent, parts: Parts) -> None:
        reach = await parts.asks.ask(...)
        async with parts.database.applying(event, "notifications-chains") as tx:
            await operations.plan(tx, event, reach)
    ```
    """

    def __init__(self) -> None:
        self.readers: list[Reader[Parts]] = []

    def of(
        self, *events: type[Event], durable: str
    ) -> Callable[[Callable[[Any, Parts], Awaitable[None]]], Callable[[Any, Parts], Awaitable[None]]]:
        """Register the function that applies these events of one owner, under a literal durable name."""
        if len({event.owner() for event in events}) != 1:
            raise ValueError(f"{durable}: one durable reads one owner's stream")

        def register(
            apply: Callable[[Any, Parts], Awaitable[None]],
        ) -> Callable[[Any, Parts], Awaitable[None]]:
            self.readers.append(Reader(durable, {event.subject: event for event in events}, apply))
            return apply

        return register

    def together(
        self, *events: type[Event], durable: str
    ) -> Callable[
        [Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]]],
        Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]],
    ]:
        """Register the function that applies many of these events, all of one network, in one transaction.

        For readers that every booking sets to work. Where it raises, each event is applied by itself.
        """

        def register(
            apply: Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]],
        ) -> Callable[[Sequence[Heard[Any]], Parts], Awaitable[None]]:
            async def apply_one(event: Event, parts: Parts) -> None:
                await apply([Heard(event, telemetry.traceparent())], parts)

            self.of(*events, durable=durable)(apply_one)
            self.readers[-1] = replace(self.readers[-1], apply_together=apply)
            return apply

        return register


class Consumption(Generic[Parts]):
    """Runs the readers of one service on a FastStream broker."""

    def __init__(
        self,
        url: str,
        name: str,
        bus: Bus,
        database: Database,
        clock: Clock,
        readers: Readers[Parts],
        parts: Parts,
        *,
        development: bool,
        shutdown_seconds: float,
        stream: Callable[[str], streams.Stream],
    ) -> None:
        self._bus = bus
        self._database = database
        self._clock = clock
        self._parts = parts
        self._development = development
        self._readers = readers.readers
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
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), timeout=3)
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
            outcome = await self._apply_together(reader, network_id, [heard for _, heard in group])
            if outcome is None:
                left += [raw for raw, _ in group]
                continue
            for raw, _ in group:
                await self._acknowledge(reader, raw)
            telemetry.EVENTS.labels(durable=reader.durable, outcome=outcome).inc(len(group))
        return left

    async def _apply_together(
        self, reader: Reader[Parts], network_id: str, heard: Sequence[Heard[Any]]
    ) -> str | None:
        assert reader.apply_together is not None
        with telemetry.span(f"{reader.durable} together", SpanKind.CONSUMER, events=len(heard)):
            structlog.contextvars.bind_contextvars(network=network_id)
            try:
                await reader.apply_together(heard, self._parts)
            except AlreadyApplied:
                return "repeated"
            except Exception as error:  # noqa: BLE001 - whatever it is, it shows again, by the event it comes from
                telemetry.log().info(
                    "events are applied one by one", durable=reader.durable, error=telemetry.where(error)
                )
                return None
            finally:
                structlog.contextvars.unbind_contextvars("network")
        return "applied"

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
        outcome = await self.apply(reader, subject, data, headers, attempt)
        if outcome == "again":
            await self._acknowledge(reader, raw, again_after=self._delay(attempt))
        else:
            await self._acknowledge(reader, raw)
        telemetry.EVENTS.labels(durable=reader.durable, outcome=outcome).inc()

    def _delay(self, attempt: int) -> float:
        return DEVELOPMENT_DELAY if self._development else DELAYS[min(attempt, len(DELAYS)) - 1]

    async def apply(
        self, reader: Reader[Parts], subject: str, data: bytes, headers: dict[str, str], attempt: int
    ) -> str:
        """Apply one event; returns `applied`, `repeated`, `refused`, `dead` or `again`."""
        log = telemetry.log(durable=reader.durable, subject=subject, attempt=attempt)
        with telemetry.following(headers), telemetry.span(subject, SpanKind.CONSUMER, durable=reader.durable):
            try:
                event = reader.events[subject].model_validate_json(data)
                structlog.contextvars.bind_contextvars(network=event.network_id, event=str(event.event_id))
                await reader.apply(event, self._parts)
            except AlreadyApplied:
                return "repeated"
            except Refused as refusal:
                log.info("event refused by a rule", code=refusal.refusal)
                return "refused"
            except Exception as error:  # noqa: BLE001 - a bug must not stop the events after it
                away = unavailability(error)
                if away is not None:
                    log.info("event waits for somebody", who=away.who, why=away.why)
                if away is not None or lost_connection(error):
                    return "again"
                log.error("event failed", error=telemetry.where(error))  # noqa: TRY400 - messages may quote a person
                if attempt < ATTEMPTS and not isinstance(error, (ValidationError, KeyError)):
                    return "again"
                return await self._bury(reader, subject, data, headers, attempt, error)
            finally:
                structlog.contextvars.unbind_contextvars("network", "event")
        return "applied"

    async def _bury(
        self,
        reader: Reader[Parts],
        subject: str,
        data: bytes,
        headers: dict[str, str],
        attempt: int,
        error: Exception,
    ) -> str:
        try:
            async with self._database.unscoped() as tx:
                await tx.execute(
                    _BURY,
                    {
                        "event_id": headers.get("Nats-Msg-Id"),
                        "durable": reader.durable,
                        "network": structlog.contextvars.get_contextvars().get("network", ""),
                        "subject": subject,
                        "body": data,
                        "headers": canonical(headers).decode(),
                        "error": telemetry.where(error),
                        "attempts": attempt,
                    },
                )
        except Unavailable:
            return "again"
        telemetry.DEAD_LETTERS.labels(durable=reader.durable).inc()
        client = await self._bus.client()
        await client.publish(f"dead.{reader.durable}", (headers.get("Nats-Msg-Id") or "").encode())
        return "dead"

    async def replay_requested(self) -> int:
        """Apply the dead letters that a person asked to have applied again; returns how many were."""
        by_name = {reader.durable: reader for reader in self._readers}
        async with self._database.unscoped() as tx:
            rows = (await tx.execute(_REQUESTED)).all()
        replayed = 0
        for row in rows:
            reader = by_name.get(row.durable)
            if reader is None:
                continue
            outcome = await self.apply(reader, row.subject, row.body, row.headers, 1)
            if outcome in {"applied", "repeated", "refused"}:
                replayed += 1
            async with self._database.unscoped() as tx:
                done = outcome in {"applied", "repeated", "refused"}
                await tx.execute(
                    _REPLAYED if done else _NOT_REPLAYED, {"event_id": row.event_id, "durable": row.durable}
                )
        return replayed

    async def keep_replaying(self) -> None:
        """Look for requested replays every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(2)
            try:
                await self.replay_requested()
            except Unavailable as error:
                telemetry.log().warning("replays wait", who=error.who)


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


_BURY = sa.text(
    "INSERT INTO dead_letters (event_id, durable, network_id, subject, body, headers, error, attempts)"
    " VALUES (CAST(:event_id AS uuid), :durable, :network, :subject, :body, CAST(:headers AS jsonb), :error, :attempts)"
    " ON CONFLICT (event_id, durable) DO UPDATE SET error = excluded.error, attempts = excluded.attempts,"
    " died_at = now(), replay_requested_at = NULL, replayed_at = NULL"
)
_REQUESTED = sa.text(
    "SELECT event_id, durable, subject, body, headers FROM dead_letters"
    " WHERE replay_requested_at IS NOT NULL AND replayed_at IS NULL ORDER BY died_at LIMIT 100"
)
_REPLAYED = sa.text(
    "UPDATE dead_letters SET replayed_at = now() WHERE event_id = :event_id AND durable = :durable"
)
_NOT_REPLAYED = sa.text(
    "UPDATE dead_letters SET replay_requested_at = NULL, attempts = attempts + 1"
    " WHERE event_id = :event_id AND durable = :durable AND replayed_at IS NULL"
)
