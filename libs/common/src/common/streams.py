"""Streams and durable readers, declared as code in this one place; a difference on the server is an error.

`JStream(declare=True)` would overwrite a stream's configuration at every start, and an existing consumer is never
updated: so services declare nothing by the way, and whatever differs is reported rather than ignored.
"""

from dataclasses import dataclass

import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
)

ACK_WAIT_SECONDS = 30
MAX_ACK_PENDING = 512
DUPLICATE_WINDOW_SECONDS = 120


class Drift(Exception):  # noqa: N818
    """What the server has is not what the code declares: a person has to decide."""


@dataclass(frozen=True)
class Stream:
    """One owner's events. `max_age_days` equals the outbox's replay window."""

    owner: str
    max_age_days: float = 7
    replicas: int = 1

    @property
    def name(self) -> str:
        """`BOOKING_EVENTS`."""
        return f"{self.owner.upper()}_EVENTS"

    def config(self) -> StreamConfig:
        """Events only: a stream that covered request subjects would answer callers itself."""
        return StreamConfig(
            name=self.name,
            subjects=[f"{self.owner}.event.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.OLD,
            max_age=self.max_age_days * 86400,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
            num_replicas=self.replicas,
        )


@dataclass(frozen=True)
class Durable:
    """One reader's place in one owner's stream: a literal name, and the subjects it reads."""

    name: str
    stream: Stream
    subjects: tuple[str, ...]

    def config(self) -> ConsumerConfig:
        """Redelivery is decided by `common.delivery`, so the server never gives up (`max_deliver` −1)."""
        return ConsumerConfig(
            durable_name=self.name,
            filter_subjects=list(self.subjects),
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            deliver_policy=DeliverPolicy.ALL,
            max_deliver=-1,
            max_ack_pending=MAX_ACK_PENDING,
        )


async def declare(js: JetStreamContext, stream: Stream) -> StreamInfo:
    """Make the stream where it is missing; raises `Drift` where it is something else."""
    wanted = stream.config()
    try:
        info = await js.stream_info(stream.name)
    except nats.js.errors.NotFoundError:
        return await js.add_stream(wanted)
    _compare(
        stream.name,
        wanted,
        info.config,
        ("subjects", "max_age", "duplicate_window", "num_replicas", "storage"),
    )
    return info


async def declare_durable(js: JetStreamContext, durable: Durable) -> None:
    """Make the consumer where it is missing; raises `Drift` where it is something else."""
    await declare(js, durable.stream)
    wanted = durable.config()
    try:
        info = await js.consumer_info(durable.stream.name, durable.name)
    except nats.js.errors.NotFoundError:
        await js.add_consumer(durable.stream.name, wanted)
        return
    held = info.config
    if held.filter_subject and not held.filter_subjects:
        held.filter_subjects = [held.filter_subject]
    _compare(durable.name, wanted, held, ("ack_policy", "ack_wait", "max_deliver", "max_ack_pending"))
    if sorted(wanted.filter_subjects or []) != sorted(held.filter_subjects or []):
        raise Drift(
            f"{durable.name}: filter_subjects: {held.filter_subjects} where {wanted.filter_subjects} is declared"
        )


def _compare(name: str, wanted: object, held: object, fields: tuple[str, ...]) -> None:
    for field in fields:
        ours, theirs = getattr(wanted, field), getattr(held, field)
        if ours != theirs:
            raise Drift(f"{name}: {field}: {theirs!r} where {ours!r} is declared")
