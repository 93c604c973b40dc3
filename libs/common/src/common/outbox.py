"""The operation and its events commit together; a relay publishes them in order and can publish them again.

PostgreSQL is the truth and JetStream a fast copy: on every connect and reconnect, before publishing, the relay
compares what it has had acknowledged with what the stream holds, and publishes the difference again. It also looks
every few seconds, because a stream can be deleted under a connection that stays; and where a server answers but
stores nothing any more (its store was deleted under it, or its disk was full), it makes the stream anew.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import nats.errors
import nats.js.errors
import sqlalchemy as sa
from nats.js import JetStreamContext
from nats.js.api import PubAck
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from common import streams, telemetry
from common.contracts.messages import Event
from common.waiting import rung

if TYPE_CHECKING:
    from common.bus import Bus

BATCH = 500
ACKNOWLEDGE_SECONDS = 5.0
LOOK_SECONDS = 3.0
"""How often the relay looks whether the stream is still the one it published to."""
PACE_SECONDS = 0.01
"""Between two batches: what is committed meanwhile goes together, at a fraction of the cost."""
SILENT_BATCHES = 2
"""After so many batches in a row without one acknowledgement, a stream that can be asked about is made anew."""

_COLUMNS = "INSERT INTO outbox (event_id, network_id, subject, body, traceparent)"
_RECORD = sa.text(
    f"{_COLUMNS} SELECT * FROM unnest(CAST(:event_id AS uuid[]), CAST(:event_network AS text[]),"  # noqa: S608 - names come from code
    " CAST(:subject AS text[]), CAST(:body AS bytea[]), CAST(:traceparent AS text[]))"
)
INSERT_FROM = f"{_COLUMNS} SELECT :event_id, :event_network, :subject, :body, :traceparent FROM"
"""For a hot path that writes its row and its event in one statement: the event of each row of a CTE of one row."""
_NEXT = sa.text(
    "SELECT seq, event_id, subject, body, traceparent, stream_seq IS NOT NULL AS again FROM outbox"
    " WHERE published_at IS NULL ORDER BY seq LIMIT :limit"
)
_PUBLISHED = sa.text(
    "UPDATE outbox SET published_at = clock_timestamp(), stream_created = :created, stream_seq = done.stream_seq"
    " FROM unnest(CAST(:seqs AS bigint[]), CAST(:stream_seqs AS bigint[])) AS done (seq, stream_seq)"
    " WHERE outbox.seq = done.seq"
)
_HIGHEST = sa.text(
    "SELECT event_id, stream_seq FROM outbox WHERE stream_created = :created AND published_at IS NOT NULL"
    " AND stream_seq <= :last_seq ORDER BY stream_seq DESC LIMIT 1"
)
_AGAIN = sa.text(
    "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL"
    " AND (stream_created IS DISTINCT FROM :created OR stream_seq > :last_seq)"
)
_WAITING = sa.text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
_LOCK = sa.text("SELECT pg_try_advisory_lock(hashtext('outbox-relay'))")
PRUNE = sa.text(
    "DELETE FROM outbox WHERE published_at < CAST(:before AS timestamptz) - make_interval(secs => :days * 86400)"
)


async def record(
    tx: AsyncConnection, *events: Event, traces: Mapping[UUID, str | None] | None = None
) -> None:
    """Write events in the transaction of what they tell about; the relay publishes them after the commit.

    `traces` gives the traceparent of events (by event id) that belong to other traces than the current one: work
    done in batches serves many.
    """
    if not events:
        return
    rows = [row(event) for event in events]
    for event, values in zip(events, rows, strict=True):
        values["traceparent"] = (traces or {}).get(event.event_id) or values["traceparent"]
    await tx.execute(_RECORD, {name: [values[name] for values in rows] for name in rows[0]})


def row(event: Event) -> dict[str, Any]:
    """The values of one event's row, as `INSERT_FROM` names them."""
    told = _told.get()
    if told is not None:
        told.append(event.event_id)
    return {
        "event_id": event.event_id,
        "event_network": event.network_id,
        "subject": event.subject,
        "body": event.model_dump_json().encode(),
        "traceparent": telemetry.traceparent(),
    }


_told: ContextVar[list[UUID] | None] = ContextVar("told", default=None)


@contextlib.contextmanager
def noticing() -> Iterator[list[UUID]]:
    """Which events the block writes: only a transaction that told something has to wake the relay."""
    told: list[UUID] = []
    before = _told.get()
    _told.set(told)
    try:
        yield told
    finally:
        _told.set(before)


async def recorded(tx: AsyncConnection) -> list[dict[str, Any]]:
    """What the outbox holds, oldest first, as `{"subject", "body"}`: for tests and checks."""
    rows = await tx.execute(sa.text("SELECT subject, body FROM outbox ORDER BY seq"))
    return [{"subject": row.subject, "body": row.body} for row in rows]


async def waiting(tx: AsyncConnection) -> int:
    """How many events wait to be published."""
    return int((await tx.execute(_WAITING)).scalar_one())


class Relay:
    """Publishes one service's outbox to its stream. One runs at a time, whoever holds the advisory lock."""

    def __init__(self, engine: AsyncEngine, bus: "Bus", stream: streams.Stream) -> None:
        self._engine = engine
        self._bus = bus
        self._stream = stream
        self._wake = asyncio.Event()
        self._reconcile = True
        self._acknowledged = 0
        self._silent = 0
        self.published = 0
        bus.on_connected(self.connection_changed)

    def wake(self) -> None:
        """There may be new rows."""
        self._wake.set()

    def connection_changed(self) -> None:
        """Compare with the stream before publishing anything more."""
        self._reconcile = True
        self._wake.set()

    async def run(self) -> None:
        """Relay until cancelled; a lost database or bus is tried again."""
        while True:
            try:
                async with self._engine.connect() as connection:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    if (await connection.execute(_LOCK)).scalar_one():
                        try:
                            await self._relay(connection)
                        finally:
                            # The lock is the session's: back in the pool, it would keep out everybody else.
                            await connection.invalidate()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the rows are still there
                telemetry.log().warning("relay interrupted", error=telemetry.where(error))
                self._reconcile = True
            await asyncio.sleep(0.5)

    async def _relay(self, connection: AsyncConnection) -> None:
        created, looked = "", 0.0
        while True:
            self._wake.clear()
            js = await self._bus.jetstream()
            if not self._reconcile and time.monotonic() > looked + LOOK_SECONDS:
                looked = time.monotonic()
                if await self._is_another(js, created):
                    self._reconcile = True
            if self._reconcile:
                self._reconcile = False
                looked = time.monotonic()
                created = await self.reconcile(connection, js)
            rows = (await connection.execute(_NEXT, {"limit": BATCH})).all()
            if rows and not self._reconcile:
                await self._publish(connection, js, created, rows)
            if len(rows) < BATCH:
                if rows:
                    await asyncio.sleep(PACE_SECONDS)
                await rung(self._wake, within=0.5)

    async def _is_another(self, js: JetStreamContext, created: str) -> bool:
        """Whether the stream is gone, was made anew, or has lost its end since we last compared."""
        try:
            info = await js.stream_info(self._stream.name)
        except nats.js.errors.NotFoundError:
            return True
        return _instant(info.created) != created or info.state.last_seq < self._acknowledged

    async def reconcile(self, connection: AsyncConnection, js: JetStreamContext) -> str:
        """Mark for publishing again whatever the stream has lost; returns the stream's creation instant.

        The highest acknowledged message that it could hold is also compared by id: a stream that lost its end and
        was written to since would have the sequence, but with something else in it.
        """
        info = await streams.declare(js, self._stream)
        if self._silent >= SILENT_BATCHES:
            telemetry.log().error("making the stream anew", stream=self._stream.name, silent=self._silent)
            self._silent = 0
            await js.delete_stream(self._stream.name)
            info = await streams.declare(js, self._stream)
        created = _instant(info.created)
        self._acknowledged = 0
        last_seq = info.state.last_seq
        held_at_most = {"created": created, "last_seq": last_seq}
        highest = (await connection.execute(_HIGHEST, held_at_most)).one_or_none()
        if highest is not None and info.state.first_seq <= highest.stream_seq:
            try:
                held = await js.get_msg(self._stream.name, seq=highest.stream_seq)
                if (held.headers or {}).get("Nats-Msg-Id") != str(highest.event_id):
                    last_seq = 0
            except nats.js.errors.NotFoundError:
                last_seq = 0
        again = await connection.execute(_AGAIN, {"created": created, "last_seq": last_seq})
        if again.rowcount:
            telemetry.log().warning("publishing again", stream=self._stream.name, events=again.rowcount)
        return created

    async def _publish(
        self, connection: AsyncConnection, js: JetStreamContext, created: str, rows: Sequence[Any]
    ) -> None:
        futures = []
        for row in rows:
            headers = {"Nats-Msg-Id": str(row.event_id)}
            if row.traceparent:
                headers["traceparent"] = row.traceparent
            futures.append(
                await js.publish_async(row.subject, row.body, headers=headers, stream=self._stream.name)
            )
        await asyncio.wait(futures, timeout=ACKNOWLEDGE_SECONDS)
        done = [(row, future.result()) for row, future in zip(rows, futures, strict=True) if _stored(future)]
        if self._reconcile:
            return  # it may have gone to what we did not compare with: unmarked, it goes again once we have
        if done:
            await self._mark(connection, created, done)
        if len(done) == len(rows):
            self._silent = 0
            return
        silent = not done and self._bus.connected and not any(future.done() for future in futures)
        self._silent = self._silent + 1 if silent else 0
        self._bus.forget_jetstream()
        for future in futures:
            future.cancel()
        raise next((error for future in futures if (error := _failure(future))), TimeoutError())

    async def _mark(
        self, connection: AsyncConnection, created: str, done: Sequence[tuple[Any, PubAck]]
    ) -> None:
        await connection.execute(
            _PUBLISHED,
            {
                "created": created,
                "seqs": [row.seq for row, _ in done],
                "stream_seqs": [ack.seq for _, ack in done],
            },
        )
        self._acknowledged = max(self._acknowledged, *(ack.seq for _, ack in done))
        self.published += len(done)
        for row, _ in done:
            telemetry.PUBLISHED.labels(again=str(row.again).lower()).inc()


def _stored(future: "asyncio.Future[PubAck]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _failure(future: "asyncio.Future[PubAck]") -> BaseException | None:
    return future.exception() if future.done() and not future.cancelled() else None


def _instant(value: datetime | str | None) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
