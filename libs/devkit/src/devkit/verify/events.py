"""Nothing is lost and nothing is applied twice: outboxes, streams and inboxes against each other."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from devkit.verify.checks import Check
from devkit.verify.identity import APPLIES_ONLY, IDENTITY, STATES
from devkit.verify.sources import Sources

FETCHED_AT_ONCE = 2000
UUID7 = 7
PATIENCE_SECONDS = 60
"""An event that waits longer than this to be published or read is a finding."""


@dataclass
class Stream:
    """What one owner's stream holds, by event id."""

    looked_at: datetime
    """By the clock of its owner's database: what was published later need not be here."""
    created: str = ""
    sequences: dict[UUID, int] = field(default_factory=dict)
    stored_at: dict[UUID, datetime] = field(default_factory=dict)
    repeated: int = 0
    foreign: list[str] = field(default_factory=list)


async def checks(sources: Sources) -> list[Check]:
    """Versions, outbox against stream, inboxes, dead letters."""
    js = sources.bus.jetstream(timeout=10)
    streams = {service: await _stream(js, sources, service) for service in sources.databases}
    return [
        await _versions(sources),
        await _states(sources),
        await _published(sources, streams),
        await _applied(sources, js),
        await _dead_letters(sources),
    ]


# --- versions -------------------------------------------------------------------------------------------

_TOLD = """
    WITH told AS (
        SELECT network_id, known.kind, body #>> string_to_array(known.path, '.') AS thing,
               (body ->> 'version')::int AS version
        FROM (SELECT network_id, subject, convert_from(body, 'UTF8')::jsonb AS body FROM outbox) AS outbox
        JOIN unnest($1::text[], $2::text[], $3::text[]) AS known (subject, kind, path) USING (subject)
    )
    SELECT network_id, kind, thing, count(*) AS events, count(DISTINCT version) AS versions,
           min(version) AS first, max(version) AS last
    FROM told GROUP BY network_id, kind, thing
"""


async def _told(sources: Sources, service: str) -> list[Any]:
    known = [(subject, kind, path) for subject, (kind, path) in IDENTITY.items()]
    return await sources.rows(service, _TOLD, *(list(column) for column in zip(*known, strict=True)))


async def _versions(sources: Sources) -> Check:
    things, total, findings = 0, 0, []
    for service in sources.databases:
        for row in await _told(sources, service):
            things, total = things + 1, total + row["events"]
            name = f"{service}: {row['network_id']}: {row['kind']} {row['thing']}"
            missing = row["last"] - row["first"] + 1 - row["versions"]
            if missing:
                findings.append(
                    f"{name}: {missing} of the versions {row['first']} to {row['last']} are missing"
                )
            if row["events"] > row["versions"]:
                findings.append(f"{name}: a version was told twice")
            if row["first"] > 1 and _made_since(row["thing"], sources.kept_since):
                findings.append(f"{name}: its story begins with version {row['first']}")
    return Check("no gap in what is told of a thing", f"{total} events about {things} things", findings)


async def _states(sources: Sources) -> Check:
    """The newest event of each thing is the thing's own version."""
    compared, findings = 0, []
    for service, kind, query in STATES:
        if service not in sources.databases:
            continue
        async with sources.at_one_moment(service):
            events, things = await _told(sources, service), await sources.rows(service, query)
        told = {(row["network_id"], row["thing"]): row["last"] for row in events if row["kind"] == kind}
        for row in things:
            last = told.get((row["network_id"], row["thing"]))
            if last is None and not _made_since(row["thing"], sources.kept_since):
                continue
            compared += 1
            if last != row["version"]:
                findings.append(
                    f"{service}: {row['network_id']}: {kind} {row['thing']} is at version {row['version']},"
                    f" and was told {'nothing' if last is None else f'up to {last}'}"
                )
    return Check("what changed was told", f"{compared} things against their events", findings)


def _made_since(thing: str, since: datetime) -> bool:
    """By the wall clock in its id (UUIDv7); other ids do not say."""
    try:
        identity = UUID(thing)
    except ValueError:
        return False
    if identity.version != UUID7:
        return False
    return datetime.fromtimestamp((identity.int >> 80) / 1000, UTC) > since


# --- outbox against stream ------------------------------------------------------------------------------


async def _stream(js: JetStreamContext, sources: Sources, service: str) -> Stream:
    [row] = await sources.rows(service, "SELECT clock_timestamp() AS now")
    held = Stream(row["now"])
    name = f"{service.upper()}_EVENTS"
    try:
        info = await js.stream_info(name)
    except nats.js.errors.NotFoundError:
        return held
    held.created = info.created.isoformat() if isinstance(info.created, datetime) else str(info.created)
    left = info.state.messages
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.ALL,
        headers_only=True,
        mem_storage=True,
        inactive_threshold=30,
    )
    subscription = await js.pull_subscribe(f"{service}.event.>", stream=name, config=config)
    while left > 0:
        try:
            batch = await subscription.fetch(min(FETCHED_AT_ONCE, left), timeout=5)
        except (nats.errors.TimeoutError, TimeoutError):
            pending = (await subscription.consumer_info()).num_pending
            if pending == 0 and subscription.pending_msgs == 0:  # what came late was here before this answer
                break  # what was left has grown too old meanwhile
            continue
        left -= len(batch)
        for message in batch:
            _note(held, message)
    await subscription.unsubscribe()
    return held


def _note(held: Stream, message: Any) -> None:
    sequence = message.metadata.sequence.stream
    try:
        event_id = UUID((message.headers or {})["Nats-Msg-Id"])
    except (KeyError, ValueError):
        held.foreign.append(f"sequence {sequence} ({message.subject})")
        return
    held.repeated += event_id in held.sequences
    held.sequences[event_id] = sequence
    held.stored_at[event_id] = message.metadata.timestamp


async def _published(sources: Sources, streams: Mapping[str, Stream]) -> Check:
    counted: Counter[str] = Counter()
    findings = []
    for service, stream in streams.items():
        rows = await sources.rows(
            service, "SELECT event_id, published_at, recorded_at, now() - recorded_at AS age FROM outbox"
        )
        known = set()
        for row in rows:
            known.add(row["event_id"])
            published = row["published_at"] is not None
            counted["published" if published else "unpublished"] += 1
            in_stream = row["event_id"] in stream.sequences
            if published and not in_stream and sources.kept_since < row["published_at"] < stream.looked_at:
                findings.append(
                    f"{service}: event {row['event_id']} counts as published and is not in the stream"
                )
            if not published and row["age"].total_seconds() > PATIENCE_SECONDS:
                findings.append(f"{service}: event {row['event_id']} has waited {row['age']} to be published")
        for event_id, stored_at in stream.stored_at.items():
            if event_id not in known and _utc(stored_at) > sources.kept_since:
                findings.append(f"{service}: event {event_id} is in the stream and its outbox row is missing")
        findings += [f"{service}: {what} is in the stream without an event id" for what in stream.foreign]
        counted["in streams"] += len(stream.sequences)
        counted["repeated"] += stream.repeated
    looked_at = (
        f"{counted['published']} published and {counted['unpublished']} waiting rows,"
        f" {counted['in streams']} events in {len(streams)} streams"
    )
    notes = [f"{counted['repeated']} events stand in a stream more than once"] if counted["repeated"] else []
    return Check("the outbox is what the stream holds", looked_at, findings, notes)


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


# --- inboxes --------------------------------------------------------------------------------------------


async def _applied(sources: Sources, js: JetStreamContext) -> Check:
    """Every event that a reader has acknowledged stands in its inbox, or among its dead letters."""
    counted: Counter[str] = Counter()
    findings: list[str] = []
    for owner in sources.databases:
        try:
            consumers = await js.consumers_info(f"{owner.upper()}_EVENTS")
        except nats.js.errors.NotFoundError:
            continue
        for consumer in consumers:
            reader = consumer.config.durable_name or ""
            service = reader.partition("-")[0]
            if reader and service in sources.databases:
                counted["readers"] += 1
                findings += await _applied_by(sources, owner, service, consumer, counted)
    looked_at = (
        f"{counted['applied']} events applied by {counted['readers']} readers, {counted['dead']} dead letters,"
        f" {counted['waiting']} on the way"
    )
    return Check("every event was applied once by everyone who reads it", looked_at, findings)


async def _applied_by(
    sources: Sources, owner: str, service: str, consumer: Any, counted: Counter[str]
) -> list[str]:
    reader = consumer.config.durable_name
    subjects = consumer.config.filter_subjects or [consumer.config.filter_subject]
    floor = consumer.ack_floor.stream_seq if consumer.ack_floor else 0
    told = await sources.rows(
        owner,
        "SELECT event_id, stream_seq, now() - published_at AS age FROM outbox"
        " WHERE subject = ANY($1) AND published_at > $2"
        " AND ($3::text IS NULL OR convert_from(body, 'UTF8')::jsonb ->> $3 = $4)",
        subjects,
        sources.kept_since,
        *APPLIES_ONLY.get(reader, (None, None)),
    )
    inbox = {
        row["event_id"]
        for row in await sources.rows(service, "SELECT event_id FROM inbox WHERE reader = $1", reader)
    }
    dead = {
        row["event_id"]
        for row in await sources.rows(service, "SELECT event_id FROM dead_letters WHERE durable = $1", reader)
    }
    findings = []
    for row in told:
        if row["event_id"] in inbox:
            counted["applied"] += 1
        elif row["event_id"] in dead:
            counted["dead"] += 1
        elif row["stream_seq"] <= floor:
            findings.append(f"{reader}: event {row['event_id']} was read and never applied")
        else:
            counted["waiting"] += 1
            if row["age"].total_seconds() > PATIENCE_SECONDS:
                findings.append(f"{reader}: event {row['event_id']} has waited {row['age']} to be read")
    return findings


async def _dead_letters(sources: Sources) -> Check:
    notes, replayed = [], 0
    for service in sources.databases:
        for row in await sources.rows(
            service, "SELECT durable, event_id, error, replayed_at FROM dead_letters"
        ):
            if row["replayed_at"] is None:
                notes.append(f"{row['durable']}: event {row['event_id']} waits for a person: {row['error']}")
            else:
                replayed += 1
    return Check("dead letters", f"{len(notes)} waiting, {replayed} replayed", notes=notes)
