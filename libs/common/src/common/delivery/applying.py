"""What becomes of an event: applied, repeated, refused, wanted again, or buried as a dead letter."""

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
import structlog
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from common import telemetry
from common.bus import Bus
from common.database import AlreadyApplied, Database, lost_connection
from common.delivery.readers import Heard, Reader
from common.encoding import canonical
from common.errors import Refused, Unavailable, unavailability

Parts = TypeVar("Parts")

ATTEMPTS = 6
"""A bug is tried this often before it becomes a dead letter."""


class Applying(Generic[Parts]):
    """Applies events by the functions of their readers, and keeps those that could not be."""

    def __init__(self, bus: Bus, database: Database, readers: Sequence[Reader[Parts]], parts: Parts) -> None:
        self._bus = bus
        self._database = database
        self._readers = readers
        self._parts = parts

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

    async def apply_together(
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
